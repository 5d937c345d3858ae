"""What only a blog's own page can show: boxes of tasks, which become characters, drawings, and codes of galleries."""

import re

from newsletter.feeds.html.markup import HtmlElement, text_in

_INPUT = re.compile(r"<input\b([^<>]*+)>", re.IGNORECASE)
_IS_CHECKBOX = re.compile(r"\btype\s*=\s*[\"']?checkbox\b", re.IGNORECASE)
_IS_CHECKED = re.compile(r"\schecked\b", re.IGNORECASE)
_DRAWING = re.compile(r"<svg\b(?![^<>]*aria-hidden)", re.IGNORECASE)
_GALLERY = re.compile(r"\[(?:gallery|playlist|slideshow)(?: [^\[\]]*+)?\]")


def write_boxes(html: str) -> str:
    """Return HTML with "☑" and "☐" in place of the checkboxes of a list of tasks."""
    return _INPUT.sub(_box, html)


def _box(match: re.Match[str]) -> str:
    if not _IS_CHECKBOX.search(match[1]):
        return match[0]
    return "☑ " if _IS_CHECKED.search(match[1]) else "☐ "


def count_drawings(html: str) -> int:
    """Return how many drawings in SVG have something to say; none of them stays."""
    return len(_DRAWING.findall(html))


def drop_gallery_codes(root: HtmlElement) -> int:
    """Remove paragraphs that are only a code such as `[gallery ids="1,2"]`, which WordPress did not replace."""
    codes = [each for each in root.iter("p") if not len(each) and _GALLERY.fullmatch(text_in(each))]
    for each in codes:
        each.drop_tree()
    return len(codes)
