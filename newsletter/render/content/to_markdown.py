"""A source's cleaned HTML as Markdown, for editors to begin with when they rewrite a post.

`markdown` makes the same HTML of it again, apart from what Markdown can't say: sizes of images, captions as captions,
languages, and formatting in code.
"""

import re

from newsletter.render.content.fragment import Element, parse
from newsletter.render.content.spaces import collapse

_HEADINGS = {"h1": 2, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "del": "~~", "s": "~~", "strike": "~~"}
_SKIP = frozenset(("style", "script", "head", "title", "template"))
_BLOCKS = frozenset((
    "p", "div", "ul", "ol", "dl", "dt", "dd", "table", "figure", "figcaption", "pre", "blockquote", "section",
    "article", "aside", "center", "hr", "details", "summary", *_HEADINGS,
))  # fmt: skip
_SPECIAL = re.compile(r"[\\`*~\[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_AT_START = re.compile(r"^(?=[#>|]|[-+](?:\s|$)|[-=]+\s*$)|^(\d{1,9})(?=[.)](?:\s|$))")
# A private character stands for <br> until white space has been collapsed.
_BREAK = "\ue000"


def to_markdown(html: str) -> str:
    """Return a cleaned fragment as Markdown."""
    return "\n\n".join(_blocks(parse(html))) if html.strip() else ""


def _blocks(element: Element) -> list[str]:
    """Return the blocks in an element; text between them is a paragraph."""
    blocks: list[str] = []
    run = [_escaped(element.text or "")]

    def close() -> None:
        blocks.extend(_paragraph("".join(run)))
        run.clear()

    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SKIP:
            if child.tag in _BLOCKS or any(each.tag in _BLOCKS for each in child.iterdescendants()):
                close()
                blocks.extend(_block(child))
            else:
                run.append(_inline(child))
        run.append(_escaped(child.tail or ""))
    close()
    return blocks


def _block(element: Element) -> list[str]:
    tag = element.tag
    if tag in _HEADINGS:
        text = collapse(_inside(element).replace(_BREAK, " "))
        return [f"{'#' * _HEADINGS[tag]} {text}"] if text else []
    if tag == "hr":
        return ["---"]
    if tag == "pre":
        return _code_block(element)
    if tag == "blockquote":
        text = "\n\n".join(_blocks(element))
        return [_prefixed(text, "> ", "> ")] if text else []
    if tag in ("ul", "ol"):
        return _list(element)
    if tag == "table":
        return _table(element)
    return _blocks(element)


def _paragraph(text: str) -> list[str]:
    lines = [_line(collapse(line)) for line in text.split(_BREAK)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return ["\\\n".join(line or "\u00a0" for line in lines)] if lines else []


def _line(text: str) -> str:
    """Return a line that begins no other block."""
    return _AT_START.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", text, count=1)


def _code_block(element: Element) -> list[str]:
    text = "".join(_with_line_breaks(element)).strip("\n")
    if not text.strip():
        return []
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return [f"{fence}\n{text}\n{fence}"]


def _with_line_breaks(element: Element) -> list[str]:
    parts = [element.text or ""]
    for child in element:
        parts += ["\n"] if child.tag == "br" else _with_line_breaks(child)
        parts.append(child.tail or "")
    return parts


def _list(element: Element) -> list[str]:
    start = element.get("start") or ""
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    items: list[str] = []
    for item in element.findall("li"):
        blocks = _blocks(item)
        if not blocks:
            continue
        mark = f"{first + len(items)}. " if element.tag == "ol" else "- "
        tight = all(child.tag in ("ul", "ol") or child.tag not in _BLOCKS for child in item)
        items.append(_prefixed(("\n" if tight else "\n\n").join(blocks), mark, " " * len(mark)))
    return ["\n".join(items)] if items else []


def _prefixed(text: str, first: str, other: str) -> str:
    """Return the text with one prefix before its first line and another before the rest."""
    lines = text.split("\n")
    return "\n".join([(first + lines[0]).rstrip(), *((other + line).rstrip() for line in lines[1:])])


def _table(element: Element) -> list[str]:
    rows = [[_cell(cell) for cell in row.iter("td", "th")] for row in element.iter("tr")]
    rows = [row for row in rows if row]
    width = max(map(len, rows), default=0)
    if width < 2 or next(element.iterdescendants("table"), None) is not None:
        return _blocks_of_cells(element)
    filled = [row + [""] * (width - len(row)) for row in rows]
    if next(element.iter("th"), None) is None:
        filled.insert(0, [""] * width)
    lines = [f"| {' | '.join(row)} |" for row in filled]
    return ["\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])]


def _cell(cell: Element) -> str:
    return " ".join(_blocks(cell)).replace("\\\n", " ").replace("\n", " ").replace("|", "\\|")


def _blocks_of_cells(element: Element) -> list[str]:
    """Return the blocks of a table that arranges what it holds, such as one with a single column."""
    return [
        block
        for cell in element.iter("td", "th")
        if next(cell.iterdescendants("table"), None) is None
        for block in _blocks(cell)
    ]


def _inside(element: Element) -> str:
    parts = [_escaped(element.text or "")]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SKIP:
            parts.append(_inline(child))
        parts.append(_escaped(child.tail or ""))
    return "".join(parts)


def _inline(element: Element) -> str:
    tag = element.tag
    if tag == "br":
        return _BREAK
    if tag == "img":
        return _image(element)
    if tag == "code":
        return _code("".join(element.itertext()))
    inside = _inside(element)
    if tag in _MARKS:
        return _marked(inside, _MARKS[tag])
    if tag == "a":
        return _link(element, inside)
    return inside


def _marked(inside: str, mark: str) -> str:
    """Return emphasis, with white space and line breaks outside the marks, where they must be."""
    lines = []
    for line in inside.split(_BREAK):
        text = line.strip()
        before, after = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :] if text else ""
        lines.append(f"{before}{mark}{text}{mark}{after}" if text else line)
    return _BREAK.join(lines)


def _link(element: Element, inside: str) -> str:
    href = (element.get("href") or "").strip()
    text = inside.replace(_BREAK, " ").strip()
    if not href or not text:
        return inside
    before, after = inside[: len(inside) - len(inside.lstrip())], inside[len(inside.rstrip()) :]
    return f"{before}[{text}]({_address(href)}){after}"


def _image(element: Element) -> str:
    src = (element.get("src") or "").strip()
    alt = collapse(element.get("alt") or "")
    return f"![{_escaped(alt)}]({_address(src)})" if src else ""


def _address(url: str) -> str:
    url = url.replace("\n", "")
    return f"<{url.replace('<', '%3C').replace('>', '%3E')}>" if re.search(r"[\s()<>\\]", url) else url


def _code(text: str) -> str:
    text = collapse(text)
    if not text.strip():
        return text
    mark = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{mark}{pad}{text}{pad}{mark}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: "\\" + found[0], text.replace(_BREAK, ""))
