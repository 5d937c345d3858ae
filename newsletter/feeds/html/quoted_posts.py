"""Posts of X, Bluesky and others that a blog quotes with their text: quotations of the class "quoted"."""

import re

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement

_QUOTED = re.compile(r"\A(?:twitter-(?:tweet|video)|bluesky-embed|reddit-embed-bq|quoted)\Z")


def mark_quoted_posts(root: HtmlElement) -> None:
    """Give quotations of posts, known by the class that the network writes, the class "quoted"."""
    for quote in root.iter("blockquote"):
        if any(map(_QUOTED.match, (quote.get("class") or "").split())):
            quote.set("class", "quoted")


def quoted_post(text: str, author: str, address: str, date: str = "") -> HtmlElement:
    """Return a quotation as networks write it: the text, and a line with its author, date and link."""
    quote: HtmlElement = etree.Element("blockquote", {"class": "quoted"})
    for line in filter(None, map(str.strip, text.split("\n"))):
        etree.SubElement(quote, "p").text = line
    source: HtmlElement = etree.SubElement(quote, "p")
    source.text = f"— {author} " if author else "— "
    if address:
        etree.SubElement(source, "a", {"href": address}).text = date or address
    elif date:
        source.text += date
    return quote
