"""Bold, italic, struck and centred text that a style makes, lists in lists, and numbered code, in the elements made for
them; and the language of code, as blogs' software notes it in classes.
"""

import re
from itertools import islice

from lxml.builder import E

from newsletter.feeds.html.markup import HtmlElement, classes, replace, text_in, words, wrap_content

_STYLES = (
    ("strong", re.compile(r"(?:\A|;)\s*font-weight\s*:\s*(?:bold(?:er)?|[6-9]00)\b", re.IGNORECASE)),
    ("em", re.compile(r"(?:\A|;)\s*font-style\s*:\s*(?:italic|oblique)\b", re.IGNORECASE)),
    ("s", re.compile(r"(?:\A|;)\s*text-decoration(?:-line)?\s*:\s*[^;]{0,40}?\bline-through\b", re.IGNORECASE)),
)
_UNSTYLED = (
    (("b", "strong"), re.compile(r"(?:\A|;)\s*font-weight\s*:\s*(?:normal|lighter|[1-4]00)\b", re.IGNORECASE)),
    (("i", "em"), re.compile(r"(?:\A|;)\s*font-style\s*:\s*normal\b", re.IGNORECASE)),
)
"""What Google Docs puts around all that is copied from it."""
UNSTYLED = [tag for tags, _ in _UNSTYLED for tag in tags]
_ALIGNMENT = re.compile(r"(?:\A|;)\s*text-align\s*:\s*(?:-webkit-|-moz-)?(\w+)", re.IGNORECASE)
_CENTRED_CLASS = re.compile(r"(?:\A|\s)(?:has-text-align-center|aligncenter|text-center|ql-align-center)(?:\s|\Z)")
STYLED = ("span", "font")
ALIGNED = words("p h1 h2 h3 h4 h5 h6 figure div section article header center td th")
_LISTS = ("ol", "ul")
_INDENT = re.compile(r"^ +")
_NUMBERS = re.compile(r"[\d\s]+")
_LANGUAGE_CLASS = re.compile(
    r"(?:\A|\s)(?:(?:language|lang|highlight(?:-source)?|brush:)[-\s]?([a-z][\w+#]{0,19})"
    r"|sourceCode\s+([a-z][\w+#]{0,19})|hljs\s+([a-z][\w+#]{0,19}))(?:\s|;|\Z)",
    re.IGNORECASE,
)
_NO_LANGUAGE = ("none", "text", "plain", "plaintext", "txt", "plaintex", "source", "rouge", "output", "notranslate")


def mark_styled(root: HtmlElement) -> None:
    """Let text be bold, italic or struck that only a style makes so, unless it holds blocks, and not where a style says
    that it is not.
    """
    for tags, pattern in _UNSTYLED:
        for element in [e for e in root.iter(*tags) if pattern.search(e.get("style") or "")]:
            element.drop_tag()
    for element in list(root.iter(*STYLED)):
        for tag, pattern in _STYLES:
            if pattern.search(element.get("style") or ""):
                wrap_content(element, tag)


def mark_centred(root: HtmlElement) -> None:
    """Say with `align` which blocks a style, a class, an attribute or an element centres.

    Blocks that are aligned otherwise say so, too, since what stands around them may be centred.
    """
    for element in root.iter(*ALIGNED):
        classes = element.get("class") or ""
        styled = _ALIGNMENT.search(element.get("style") or "")
        alignment = styled[1].lower() if styled else (element.get("align") or "").strip().lower()
        if element.tag == "center" or (not alignment and _CENTRED_CLASS.search(classes)):
            alignment = "center"
        if alignment:
            element.set("align", alignment)
    for image in root.iter("img"):
        parent = image.getparent()
        if parent.tag in ALIGNED and _CENTRED_CLASS.search(image.get("class") or ""):
            parent.set("align", "center")


def nest_lists(root: HtmlElement) -> None:
    """Put each list that is directly in a list into the item before it, or into an item of its own."""
    for inner in [e for e in root.iter(*_LISTS) if e.getparent() is not None and e.getparent().tag in _LISTS]:
        item = inner.getprevious()
        if item is None or item.tag != "li":
            item = E.li()
            inner.addprevious(item)
        item.append(inner)


def drop_line_numbers(root: HtmlElement) -> int:
    """Replace tables that have the numbers of lines beside code with the code; return how many there were."""
    count = 0
    for table in list(root.iter("table")):
        cells = list(table.iter("td"))
        code = cells[1].find(".//pre") if len(cells) == 2 and _NUMBERS.fullmatch(text_in(cells[0])) else None
        if code is not None and text_in(code) == text_in(cells[1]):
            code.tail = None
            replace(table, code)
            count += 1
    return count


def write_verse(root: HtmlElement) -> None:
    """Make paragraphs of WordPress's verse, whose lines and indents stay, since `pre` is code elsewhere."""
    for verse in [e for e in root.iter("pre") if "wp-block-verse" in classes(e)]:
        verse.tag, verse.text = "div", "\n" + (verse.text or "")
        for element in list(verse.iter()):
            element.text, breaks = _lines(element.text or "")
            for line_break in reversed(breaks):
                element.insert(0, line_break)
            if element is not verse:
                element.tail, breaks = _lines(element.tail or "")
                for line_break in reversed(breaks):
                    element.addnext(line_break)


def _lines(text: str) -> tuple[str, list[HtmlElement]]:
    """Return the first line of a text, and the others, each as the tail of a line break."""
    first, *others = text.split("\n")
    breaks = [E.br() for _ in others]
    for line_break, line in zip(breaks, others, strict=True):
        line_break.tail = _INDENT.sub(lambda spaces: "\u00a0" * len(spaces[0]), line)
    return first, breaks


def write_ruby(root: HtmlElement) -> None:
    """Put parentheses around readings of characters, for programs that show them on the same line."""
    with_parentheses = {e.getparent() for e in root.iter("rp")}
    for reading in [e for e in root.iter("rt") if e.getparent() not in with_parentheses]:
        closing = E.rp(")")
        closing.tail, reading.tail = reading.tail, None
        reading.addprevious(E.rp("("))
        reading.addnext(closing)


def note_languages(root: HtmlElement) -> None:
    """Give each block of code the language that it, what is in it or what is around it names."""
    for block in root.iter("pre"):
        noted = block.get("data-language") or ""
        elements = (block, *block.iter("code"), *islice(block.iterancestors("div", "figure"), 3))
        language = noted or next(filter(None, map(_language, elements)), "")
        block.attrib.pop("data-language", None)
        if re.fullmatch(r"[a-z][\w+#-]{0,19}", language):
            block.set("data-language", language)


def _language(element: HtmlElement) -> str:
    match = _LANGUAGE_CLASS.search(element.get("class") or "")
    name = next(filter(None, match.groups()), "").lower() if match else ""
    return "" if name in _NO_LANGUAGE else name
