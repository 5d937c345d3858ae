"""Charts as SVG, drawn here, each with a sentence that says what it shows; sizes in a picture 400 wide."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsletter.web.desk import words

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 400, 140, 56, 20, 10


def curve(points: Sequence[tuple[datetime, int]], zone: tzinfo, title: str) -> SafeString:
    """A count that grows over time; "" for fewer than two points."""
    if len(points) < 2:
        return SafeString("")
    first, last = points[0][0], points[-1][0]
    length = max((last - first).total_seconds(), 1.0)
    top = max(max(count for _at, count in points), 1)
    lowest = min(min(count for _at, count in points), 0)
    spots = [
        (
            LEFT + (at - first).total_seconds() / length * (WIDTH - LEFT - 8),
            TOP + (1 - (count - lowest) / max(top - lowest, 1)) * (HEIGHT - TOP - BOTTOM),
        )
        for at, count in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="axis" d="M{} {}V{}H{}" fill="none"/><polyline class="curve" points="{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="{}" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text></svg>',
        *(WIDTH, HEIGHT, title, LEFT, TOP, HEIGHT - BOTTOM, WIDTH, line),
        *(LEFT - 6, TOP + 5, words.number(top), LEFT - 6, HEIGHT - BOTTOM, words.number(lowest)),
        *(LEFT, HEIGHT - 4, _at(first, zone, length), WIDTH, HEIGHT - 4, _at(last, zone, length)),
    )


def _at(at: datetime, zone: tzinfo, seconds: float) -> str:
    return words.clock(at, zone) if seconds < 20 * 3600 else words.day(at, zone)


def bar(parts: Sequence[tuple[str, int]], title: str) -> SafeString:
    """One bar of several parts; each part is a class of the style sheet and a count."""
    whole = max(sum(count for _name, count in parts), 1)
    shown, x = [], 0.0
    for name, count in parts:
        width = count / whole * WIDTH
        shown.append((name, f"{x:.2f}", f"{width:.2f}"))
        x += width
    inside = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="16"/>', shown)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} 16" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<rect class="track" width="{}" height="16"/>{}</svg>',
        *(WIDTH, title, WIDTH, inside),
    )
