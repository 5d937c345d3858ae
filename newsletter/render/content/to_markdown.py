"""HTML as Markdown: a source's, for editors to begin with when they rewrite a post, and that of `markdown` itself.

`markdown` makes the same HTML of it again, apart from what Markdown can't say: sizes of images in pixels, languages,
and formatting in code and in captions.
"""

import re

from newsletter.render.content.directives import BUTTON, MOST_IN_A_ROW, TINTS, WIDTHS
from newsletter.render.content.fragment import Element, parse, text_of
from newsletter.render.content.spaces import collapse

_HEADINGS = {"h1": 2, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "del": "~~", "s": "~~", "strike": "~~"}
_ALIGNMENTS = {"left": ":---", "center": ":---:", "right": "---:"}
_SKIP = frozenset(("style", "script", "head", "title", "template"))
_BLOCKS = frozenset((
    "p", "div", "ul", "ol", "dl", "dt", "dd", "table", "figure", "figcaption", "pre", "blockquote", "section",
    "article", "aside", "center", "hr", "details", "summary", *_HEADINGS,
))  # fmt: skip
_SPECIAL = re.compile(r"[\\`*~\[\]<]|\{(?=width=|button\})|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_AT_START = re.compile(r"^(?=[#>|]|:{3}|[-+](?:\s|$)|[-=]+\s*$)|^(\d{1,9})(?=[.)](?:\s|$))")
_DIVIDER = "---"
_OPENS, _CLOSES = re.compile(r"[*~]+(?:[^\w\s*~]|_)"), re.compile(r"(?:[^\w\s*~]|_)[*~]+$")
_CLOSING = re.compile(r"(?<!\S)#+$")
_QUOTED = re.compile(r"[\\\"]|&(?=#?\w+;)")
# A private character stands for <br> until white space has been collapsed.
_BREAK = "\ue000"


def to_markdown(html: str) -> str:
    """Return a cleaned fragment as Markdown."""
    return "\n\n".join(_blocks(parse(html))) if html.strip() else ""


def _blocks(element: Element) -> list[str]:
    """Return the blocks in an element; text between them is a paragraph."""
    blocks: list[str] = []
    run = [_escaped(element.text or "")]
    last_list = marks = ""

    def close() -> bool:
        paragraph = _paragraph(_joined(run))
        blocks.extend(paragraph)
        run.clear()
        return bool(paragraph)

    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SKIP:
            if child.tag in _BLOCKS or any(descendant.tag in _BLOCKS for descendant in child.iterdescendants()):
                follows = not close() and child.tag == last_list
                next_marks = "*)" if follows and marks == "-." else "-."  # lists with the same marks would be one
                block = _list(child, next_marks) if child.tag in ("ul", "ol") else _block(child)
                blocks.extend(block)
                last_list, marks = (child.tag, next_marks) if block else (last_list, marks)
            else:
                run += _beside(run.pop(), child)
                continue
        run.append(_escaped(child.tail or ""))
    close()
    return blocks


def _block(element: Element) -> list[str]:
    tag = element.tag
    if tag in _HEADINGS:
        text = collapse(_inside(element).replace(_BREAK, " "))
        text = _CLOSING.sub(lambda marks: "\\" + marks[0], text)
        return [f"{'#' * _HEADINGS[tag]} {text}"] if text else []
    if tag == "hr":
        return [_DIVIDER]
    if tag == "pre":
        return _code_block(element)
    if tag == "blockquote":
        text = "\n\n".join(_blocks(element))
        return [_prefixed(text, "> ", "> ")] if text else []
    if tag == "table":
        return _table(element)
    if element.get("data-tint") in TINTS:
        return _callout(element)
    if tag == "p" and element.get("data-url"):
        return [re.sub(r"&(?=#?\w+;)", "&amp;", element.get("data-url"))]
    if tag == "p" and element.get("class") == "button":
        return _button(element)
    is_row = element.get("class") == "row"
    pictures = _pictures(element) if is_row or tag in ("p", "figure") else []
    return ["\n".join(pictures)] if is_row and 0 < len(pictures) <= MOST_IN_A_ROW else pictures or _blocks(element)


def _callout(element: Element) -> list[str]:
    """Return a block with a tint between lines of more colons than any line in it has alone."""
    text = "\n\n".join(_blocks(element))
    if not text:
        return []
    colons = ":" * max(3, 1 + max(map(len, re.findall(r"^[ >]*(:{3,})[ \t]*$", text, re.MULTILINE)), default=0))
    return [f"{colons} {element.get('data-tint')}\n{text}\n{colons}"]


def _button(element: Element) -> list[str]:
    text = collapse(_inside(element).replace(_BREAK, " "))
    linked = next((link for link in element.iter("a") if link.get("href")), None)
    return [text + BUTTON * (linked is not None)] if text else []


def _pictures(element: Element) -> list[str]:
    """Return the images of an element that holds nothing else, apart from their captions and line breaks."""
    figures = [element] if element.tag == "figure" else element.findall("figure")
    captions: dict[Element, str] = {}
    for figure in figures:
        images, caption = list(figure.iter("img")), next(figure.iter("figcaption"), None)
        if caption is not None and len(images) == 1 and next(caption.iter("a", "img"), None) is None:
            captions[images[0]] = text_of(caption)
    text = "".join(element.itertext()).split()
    if next(element.iter(*_MARKS), None) is not None or "".join(text) != "".join("".join(captions.values()).split()):
        return []
    return [_figure(image, captions.get(image, "")) for image in element.iter("img") if image.get("src")]


def _figure(image: Element, caption: str) -> str:
    """Return an image with its caption and its width, in its link."""
    picture, link = _image(image, caption), next(image.iterancestors("a"), None)
    href = "" if link is None else (link.get("href") or "").strip()
    return f"[{picture}]({_address(href)})" if href else picture


def _paragraph(text: str) -> list[str]:
    lines = [_line(collapse(line)) for line in text.split(_BREAK)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return ["\\\n".join(line or "\u00a0" for line in lines)] if lines else []


def _line(text: str) -> str:
    """Return a line that begins no other block."""
    return _AT_START.sub(lambda match: f"{match[1]}\\" if match[1] else "\\", text, count=1)


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


def _list(element: Element, marks: str) -> list[str]:
    """Return a list whose items begin with the first of the marks, or a number and the second one."""
    start = element.get("start") or ""
    first_number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    items: list[str] = []
    for item in element.findall("li"):
        blocks = _blocks(item)
        if not blocks:
            continue
        if blocks[0] == _DIVIDER:
            blocks[0] = "___"  # a divider behind a hyphen would be one divider
        mark = f"{first_number + len(items)}{marks[1]} " if element.tag == "ol" else f"{marks[0]} "
        tight = all(child.tag in ("ul", "ol") or child.tag not in _BLOCKS for child in item)
        items.append(_prefixed(("\n" if tight else "\n\n").join(blocks), mark, " " * len(mark)))
    return ["\n".join(items)] if items else []


def _prefixed(text: str, first: str, other: str) -> str:
    """Return the text with one prefix before its first line and another before the rest."""
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(other + line if line else other.rstrip() for line in lines[1:])])


def _table(element: Element) -> list[str]:
    if next(element.iterdescendants("table"), None) is not None:
        return _arranged(element)
    rows = [[_cell(cell) for cell in row.iter("td", "th")] for row in element.iter("tr")]
    rows = [row for row in rows if row]
    width = max(map(len, rows), default=0)
    headed = next(element.iter("th"), None) is not None
    if element.get("class") == "button" and len(rows) == width == 1:
        return [rows[0][0] + BUTTON]
    if width < (1 if headed else 2):
        return _arranged(element)
    filled = [row + [""] * (width - len(row)) for row in rows]
    if not headed:
        filled.insert(0, [""] * width)
    alignments = [cell.get("align") or "" for cell in next(element.iter("tr")).iter("td", "th")]
    marks = [_ALIGNMENTS.get(align, "---") for align in alignments] + ["---"] * (width - len(alignments))
    lines = [f"| {' | '.join(row)} |" for row in filled]
    return ["\n".join([lines[0], f"| {' | '.join(marks)} |", *lines[1:]])]


def _arranged(table: Element) -> list[str]:
    """Return what a table arranges, such as one with a single column, or one with tables in it."""
    cells = [cell for cell in table.iter("td", "th") if next(cell.iterdescendants("table"), None) is None]
    return [block for cell in cells for block in _blocks(cell)]


def _cell(cell: Element) -> str:
    return " ".join(_blocks(cell)).replace("\\\n", " ").replace("\n", " ").replace("|", "\\|")


def _inside(element: Element) -> str:
    parts = [_escaped(element.text or "")]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SKIP:
            parts += _beside(parts.pop(), child)
        else:
            parts.append(_escaped(child.tail or ""))
    return _joined(parts)


def _beside(before: str, child: Element) -> tuple[str, str, str]:
    """Return the text before an element, the element, and the text after it.

    A letter beside a mark that begins or ends in punctuation is written as a reference, since the mark would not count
    there (CommonMark 6.2).
    """
    inline, after = _inline(child), _escaped(child.tail or "")
    if child.tag in _MARKS and before[-1:].isalnum() and _OPENS.match(inline):
        before = f"{before[:-1]}&#{ord(before[-1])};"
    if child.tag in _MARKS and after[:1].isalnum() and _CLOSES.search(inline):
        after = f"&#{ord(after[0])};{after[1:]}"
    return before, inline, after


def _joined(parts: list[str]) -> str:
    """Return the parts of a text as one, in which an exclamation mark before a link makes no image of it."""
    parts = [part for part in parts if part]
    return "".join(
        f"{part[:-1]}\\!" if part.endswith("!") and following.startswith("[") else part
        for part, following in zip(parts, [*parts[1:], ""], strict=False)
    )


def _inline(element: Element) -> str:
    tag = element.tag
    if tag == "br":
        return _BREAK
    if tag == "img":
        return _image(element, element.get("title") or "")
    if tag == "code":
        return _code("".join(element.itertext()))
    content = _inside(element)
    if tag in _MARKS:
        is_marked = any(_MARKS.get(ancestor.tag) == _MARKS[tag] for ancestor in element.iterancestors())
        return content if is_marked else _marked(content, _MARKS[tag])
    if tag == "a":
        return _link(element, content)
    return content


def _marked(content: str, mark: str) -> str:
    """Return emphasis, with white space and line breaks outside the marks, where they must be."""
    lines = []
    for line in content.split(_BREAK):
        text = line.strip()
        before, after = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :] if text else ""
        lines.append(f"{before}{mark}{text}{mark}{after}" if text else line)
    return _BREAK.join(lines)


def _link(element: Element, content: str) -> str:
    href = (element.get("href") or "").strip()
    text = content.replace(_BREAK, " ").strip()
    if not href or not text:
        return content
    before, after = content[: len(content) - len(content.lstrip())], content[len(content.rstrip()) :]
    return f"{before}[{text}]({_address(href)}){after}"


def _image(element: Element, caption: str = "") -> str:
    src = (element.get("src") or "").strip()
    if not src:
        return ""
    alt = _escaped(collapse(element.get("alt") or ""))
    quoted = _QUOTED.sub(lambda char: "\\" + char[0], collapse(caption))
    title = f' "{quoted}"' if quoted else ""
    width = element.get("data-width") or ""
    share = f"{{width={width}%}}" if width in map(str, WIDTHS) else ""
    return f"![{alt}]({_address(src)}{title}){share}"


def _address(url: str) -> str:
    url = url.replace("\n", "")
    return f"<{url.replace('<', '%3C').replace('>', '%3E')}>" if re.search(r"[\s()<>\\]", url) else url


def _code(text: str) -> str:
    text = text.replace("\n", " ")
    if not text.strip():
        return collapse(text)
    mark = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text[0] == "`" or text[-1] == "`" or text[0] == text[-1] == " " else ""
    return f"{mark}{pad}{text}{pad}{mark}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match[0], text.replace(_BREAK, ""))
