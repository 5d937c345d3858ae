"""What stands in a feed's posts and is none of their text: sharing buttons, "Read more" lines, paragraphs twice.

Promises: verse (text with line breaks, short lines in quotes, `pre`), tables and lists lose nothing; what is left out
is counted by kind.
"""

import re
from collections.abc import Iterator

from newsletter.feeds.markup import HtmlElement, spaced, text_in, words

_ENOUGH = 40
_LINE_OF_VERSE = 120
_FLARE_CLASSES = words("feedflare blogger-post-footer sharedaddy jp-relatedposts addtoany_share_save_container")
_FLARE_LINK = re.compile(
    r"//(?:feeds\.feedburner\.com/~f+/|feedproxy\.google\.com/~f+/|feeds\.wordpress\.com/1\.0/go)", re.IGNORECASE
)
_MORE = (
    r"(?:read|see) more(?: here)?",
    r"(?:click here to )?read (?:on|the rest|the full (?:story|article|post))",
    r"(?:continue|keep) reading|learn more|full (?:story|article)",
    r"les (?:mer|meir|videre|hele saken|heile saka|saken|artikkelen)(?: her)?|fortsett å lese",
    r"læs (?:mere|videre|hele artiklen)(?: her)?|fortsæt læsning",
    r"läs (?:mer|vidare|hela artikeln)(?: här)?|fortsätt läsa",
    r"weiterlesen|(?:mehr|hier weiter) lesen|mehr erfahren|zum artikel",
    r"lire (?:la suite|plus|l['’]article)|en savoir plus",
    r"leer más|(?:seguir|sigue|continuar) leyendo|ver más",
    r"l[eé]r mais|leia mais|(?:continue|continuar) (?:lendo|a ler)|saiba mais",
    r"leggi (?:tutto|di più)|continua a leggere",
    r"lees (?:meer|verder)|verder lezen",
    r"lue lisää|jatka lukemista|lesa meira",
    r"czytaj (?:dalej|więcej)|číst (?:dál|více)|čítať ďalej|(?:olvass )?tovább|cite[sș]te mai mult",
    r"loe edasi|skaityti daugiau|lasīt vairāk|devamını oku|διαβάστε περισσότερα",
    r"читать (?:далее|дальше|полностью)|подробнее|читати далі",
    r"続きを読む|もっと読む|阅读(?:更多|全文)|继续阅读|繼續閱讀|더 ?보기|계속 읽기",
    r"और पढ़ें|आगे पढ़ें|اقرأ المزيد|קרא עוד",
)
_READ_MORE = re.compile(rf"[\W_]{{0,8}}(?:{'|'.join(_MORE)})[\W_]{{0,8}}", re.IGNORECASE)


def drop_feedflare(root: HtmlElement) -> int:
    """Take away what FeedBurner and blog engines hang below a post; gives how many."""
    found = [e for e in root.iter() if _is_flare(e)]
    outermost = [e for e in found if not any(_is_flare(a) for a in e.iterancestors())]
    for element in outermost:
        element.drop_tree()
    return len(outermost)


def _is_flare(element: HtmlElement) -> bool:
    if element.tag == "a" and _FLARE_LINK.search(element.get("href") or ""):
        return True
    return not _FLARE_CLASSES.isdisjoint((element.get("class") or "").split())


def drop_read_more(root: HtmlElement) -> int:
    """Take away lines that only say "Read more", in one of thirty languages; gives how many."""
    dropped = 0
    for paragraph in list(root.iter("p")):
        if paragraph.find(".//img") is None and _says_read_more(paragraph):
            paragraph.drop_tree()
            dropped += 1
    for link in [a for a in root.iter("a") if _is_lone_line(a) and _says_read_more(a)]:
        before = link.getprevious()
        if before is not None:
            before.drop_tree()
        link.drop_tree()
        dropped += 1
    return dropped


def _says_read_more(element: HtmlElement) -> bool:
    text = text_in(element)
    return len(text) < 60 and bool(_READ_MORE.fullmatch(text))


def _is_lone_line(link: HtmlElement) -> bool:
    """Whether a link is the last line of a paragraph, alone behind a line break."""
    before = link.getprevious()
    alone = before is not None and before.tag == "br" and not spaced(before.tail or "")
    return alone and link.getnext() is None and not spaced(link.tail or "")


def drop_repeated(root: HtmlElement) -> int:
    """Take away paragraphs of 40 characters or more that stand earlier in the same post; gives how many."""
    seen: set[tuple[str, ...]] = set()
    dropped = 0
    for paragraph in list(_prose(root)):
        text = text_in(paragraph)
        key = (text, *(image.get("src") or "" for image in paragraph.iter("img")))
        if len(text) >= _ENOUGH and key in seen:
            paragraph.drop_tree()
            dropped += 1
        seen.add(key)
    return dropped


def _prose(root: HtmlElement) -> Iterator[HtmlElement]:
    """The paragraphs that are neither verse nor part of a table or list."""
    for paragraph in root.iter("p"):
        around = {a.tag for a in paragraph.iterancestors()}
        if around & {"table", "ul", "ol", "dl", "pre"} or paragraph.find(".//br") is not None:
            continue
        if "blockquote" in around and len(text_in(paragraph)) < _LINE_OF_VERSE:
            continue
        yield paragraph
