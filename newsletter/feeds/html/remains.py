"""What only a blog's own page can show: boxes of tasks, which become characters, GitHub's gists and polls of
Crowdsignal, which become links, drawings, and codes of galleries.
"""

import re

from newsletter.feeds.html.markup import HtmlElement, drop, text_in

_INPUT = re.compile(r"<input\b([^<>]*+)>", re.IGNORECASE)
_IS_CHECKBOX = re.compile(r"\btype\s*=\s*[\"']?checkbox\b", re.IGNORECASE)
_IS_CHECKED = re.compile(r"\schecked\b", re.IGNORECASE)
_GIST = r"([\w-]{1,39}/[0-9a-f]{5,40}|[0-9a-f]{5,40})"
_FILE = r"(?:(?:[?&]|&amp;)file=([\w.-]{1,100}))?"
_GIST_SCRIPT = re.compile(
    rf"<script\b[^<>]*?\ssrc=[\"']?(?:https?:)?//gist\.github\.com/{_GIST}\.js{_FILE}[^<>]*>\s*(?:</script>)?",
    re.IGNORECASE,
)
_GIST_BOX = re.compile(rf"<div\b[^<>]*?\sdata-gist=[\"']?{_GIST}\.json{_FILE}[^<>]*>", re.IGNORECASE)
_POLL_SCRIPT = re.compile(
    r"<script\b[^<>]*?\ssrc=[\"']?(?:https?:)?//(?:secure|static)\.(?:polldaddy|crowdsignal)\.com/p/(\d{1,12})\.js"
    r"[^<>]*>\s*</script>(?:\s*<noscript>\s*<a\b[^<>]*>([^<>]{1,200})</a>[^<>]{0,200}</noscript>)?",
    re.IGNORECASE,
)
_DRAWING = re.compile(r"<svg\b(?![^<>]*aria-hidden)", re.IGNORECASE)
_GALLERY = re.compile(r"\[(?:gallery|playlist|slideshow)(?: [^\[\]]*+)?\]")


def write_out(html: str) -> str:
    """Return HTML with "☑" and "☐" in place of the checkboxes of a list of tasks, and links to GitHub's gists and to
    polls in place of the scripts and boxes that would show them.
    """
    html = _INPUT.sub(_box, html)
    html = _GIST_BOX.sub(_gist, _GIST_SCRIPT.sub(_gist, html)) if "gist" in html else html
    return _POLL_SCRIPT.sub(_poll, html) if "polldaddy" in html or "crowdsignal" in html else html


def _box(match: re.Match[str]) -> str:
    if not _IS_CHECKBOX.search(match[1]):
        return match[0]
    return "☑ " if _IS_CHECKED.search(match[1]) else "☐ "


def _poll(match: re.Match[str]) -> str:
    return f'<div class="link-card"><a href="https://poll.fm/{match[1]}">{match[2] or "Poll"}</a></div>'


def _gist(match: re.Match[str]) -> str:
    return f'<p><a href="https://gist.github.com/{match[1]}">{match[2] or f"gist.github.com/{match[1]}"}</a></p>'


def count_drawings(html: str) -> int:
    """Return how many drawings in SVG have something to say; none of them stays."""
    return len(_DRAWING.findall(html))


def drop_gallery_codes(root: HtmlElement) -> int:
    """Remove paragraphs that are only a code such as `[gallery ids="1,2"]`, which WordPress did not replace."""
    return drop(p for p in root.iter("p") if not len(p) and _GALLERY.fullmatch(text_in(p)))
