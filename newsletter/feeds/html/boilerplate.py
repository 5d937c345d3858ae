"""Removes parts of a feed's posts that are not their text: sharing buttons, sign-up forms, repeats.

Promises: verse (text with line breaks, short lines in quotes, `pre`), tables and lists lose nothing; what is left out
is counted by kind.
"""

import re
from typing import TypeAlias

from newsletter.feeds.html.markup import HtmlElement, classes, drop, outermost, text_in, words

_ENOUGH = 40
_LINE_OF_VERSE = 120
_LONGEST_RUN = 60
_Key: TypeAlias = tuple[str | HtmlElement, ...]
_FLARE_CLASSES = words(
    "feedflare blogger-post-footer sharedaddy jp-relatedposts addtoany_share_save_container addtoany_content "
    "a2a_kit addthis_toolbox addthis_inline_share_toolbox heateor_sss_sharing_container essb_links ssba "
    "shareaholic-canvas jetpack-likes-widget-wrapper sd-sharing-enabled mashsb-container swp_social_panel "
    "simplesocialbuttons dpsp-share-text yarpp yarpp-related crp_related printfriendly share-buttons "
    "share_buttons social-share social-sharing share-links sharing-buttons social-buttons social-icons "
    "share-bar share-icons wp-block-outermost-social-sharing wp-block-file__embed "
    "wprm-recipe-jump wprm-recipe-print wprm-recipe-pin tasty-recipes-quick-links tasty-recipes-jump-link "
    "tasty-recipes-print-button mv-create-jtr powerpress_links saboxplugin-wrap post-views"
)
_FLARE_LINK = re.compile(
    r"//(?:feeds\.feedburner\.com/~f+/|feedproxy\.google\.com/~f+/|feeds\.wordpress\.com/1\.0/go)", re.IGNORECASE
)
_FORM_CLASSES = words(
    "subscription-widget-wrap subscription-widget-wrap-editor captioned-button-wrap kg-signup-card"
    " wp-block-jetpack-subscriptions jetpack_subscription_widget install-substack-app-embed beehiiv__footer"
)
"""Boxes in which readers of a page subscribe, and in which Substack and beehiiv advertise themselves."""
_DRUPAL_FIELDS = words(
    "field--name-title field--name-uid field--name-created field--name-comment field--name-field-tags"
)
"""What Drupal's feeds have beside a post's text: title, author and tags again, the date and a link to comment."""
_DRUPAL_LINKS = words("links inline")
_SUBSTACK_LINK = re.compile(r"/subscribe(?:\?|\Z)|[?&]action=(?:share|subscribe)\b|/p/[^/?]+/comments\b", re.IGNORECASE)
_SUBSTACK_PLACEHOLDER = re.compile(r"%%[a-z_]+%%")
"""In an address: what Substack fills in when it sends or shows a post. Its exports and some feeds have it as it is."""
_BLOCKS = words("p li h1 h2 h3 h4 h5 h6 div td")
_PICTURES = words("img iframe video audio")
_BESIDE_LINKS = re.compile(r"[\s|·•,/–—-]*")


def drop_feedflare(root: HtmlElement) -> int:
    """Take away what FeedBurner and blog engines hang below a post; returns their number."""
    return drop(outermost(e for e in root.iter() if _is_flare(e)))


def _is_flare(element: HtmlElement) -> bool:
    if element.tag == "a" and _FLARE_LINK.search(element.get("href") or ""):
        return True
    own = set(classes(element))
    if not _FLARE_CLASSES.isdisjoint(own):
        return True
    is_outermost = element.getparent() is not None and element.getparent().getparent() is None
    return is_outermost and (not _DRUPAL_FIELDS.isdisjoint(own) or own >= _DRUPAL_LINKS)


def drop_substack(root: HtmlElement) -> int:
    """Take away forms for subscribing, and Substack's buttons for sharing and commenting; returns their number.

    The words of a link in a sentence stay without the link, if its address is a placeholder.
    """
    count = drop(outermost(e for e in root.iter("div", "p") if _is_substack(e)))
    links = [a for a in root.iter("a") if _SUBSTACK_PLACEHOLDER.search(a.get("href") or "")]
    buttons = [a for a in links if "button" in classes(a)]
    blocks = dict.fromkeys(next(a.iterancestors(*_BLOCKS), root) for a in links)
    count += drop(outermost([*(b for b in blocks if b is not root and _has_nothing_but(b, set(links))), *buttons]))
    for link in links:
        if link.getparent() is not None:
            link.drop_tag()
    return count


def _has_nothing_but(block: HtmlElement, links: set[HtmlElement]) -> bool:
    """Return whether a block shows nothing but some of these links."""
    beside = "".join(block.xpath(".//text()[not(ancestor::a)]"))
    return bool(_BESIDE_LINKS.fullmatch(beside)) and all(element in links for element in block.iter("a", *_PICTURES))


def _is_substack(element: HtmlElement) -> bool:
    if not _FORM_CLASSES.isdisjoint(classes(element)):
        return True
    addresses = [link.get("href") or "" for link in element.iter("a")]
    is_button = "button-wrapper" in classes(element) and len(addresses) == 1
    return is_button and bool(_SUBSTACK_LINK.search(addresses[0]))


def drop_repeated(root: HtmlElement) -> int:
    """Take away a paragraph, or a run of them, that stands again directly behind itself; returns their number.

    A run has a paragraph of 40 characters or more.
    """
    count = 0
    for parent in [root, *root.iter("blockquote")]:
        blocks: list[HtmlElement] = []
        keys: list[_Key] = []
        last_long = -1
        for block in list(parent):
            blocks.append(block)
            keys.append(_key(block))
            if _is_long(keys[-1]):
                last_long = len(keys) - 1
            length = _repeated_at_end(keys, len(keys) - last_long) if last_long >= 0 else 0
            for _ in range(length):
                blocks.pop().drop_tree()
                keys.pop()
            last_long -= length  # the same run stands before it
            count += length
    return count


def _key(block: HtmlElement) -> _Key:
    """Return a key that equal paragraphs share; verse and other blocks are equal to no other."""
    text = text_in(block) if block.tag == "p" and block.find(".//br") is None else ""
    if not text or (block.getparent().tag == "blockquote" and len(text) < _LINE_OF_VERSE):
        return (block,)
    return (text, *(image.get("src") or "" for image in block.iter("img")))


def _is_long(key: _Key) -> bool:
    return isinstance(key[0], str) and len(key[0]) >= _ENOUGH


def _repeated_at_end(keys: list[_Key], shortest: int) -> int:
    """Return the length, at least `shortest`, of the run at the end that stands directly before itself too, or 0."""
    for length in range(shortest, min(len(keys) // 2, _LONGEST_RUN) + 1):
        if keys[-1] == keys[-1 - length] and keys[-length:] == keys[-2 * length : -length]:
            return length
    return 0
