"""Charts as SVG, drawn here, each with a sentence that says what it shows; sizes in a picture 400 wide."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from math import ceil

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsletter.web.desk import formatting

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 400, 140, 56, 20, 10


def curve(points: Sequence[tuple[datetime, int]], zone: tzinfo, title: str) -> SafeString:
    """Return a chart of a count over days; "" if they are all the same day."""
    days = [formatting.day(at, zone) for at, _count in (*points[:1], *points[-1:])]
    if len(set(days)) < 2:
        return SafeString("")
    begin, end = points[0][0], points[-1][0]
    length = max((end - begin).total_seconds(), 1.0)
    top = max(max(count for _at, count in points), 1)
    lowest = min(min(count for _at, count in points), 0)
    spots = [
        (
            LEFT + (at - begin).total_seconds() / length * (WIDTH - LEFT - 8),
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
        *(LEFT - 6, TOP + 5, formatting.number(top), LEFT - 6, HEIGHT - BOTTOM, formatting.number(lowest)),
        *(LEFT, HEIGHT - 4, days[0], WIDTH, HEIGHT - 4, days[1]),
    )


def progress(
    points: Sequence[tuple[datetime, int]], began: datetime, whole: int, zone: tzinfo, title: str
) -> SafeString:
    """Return a chart of a count that rises from 0 towards a whole, as filled steps; "" without points.

    The time axis has whole minutes, at least one, so that what takes a second looks like a second.
    """
    if not points:
        return SafeString("")
    start = min(began, points[0][0]).replace(second=0, microsecond=0)
    minutes = max(1, ceil((points[-1][0] - start) / timedelta(minutes=1)))
    end = start + minutes * timedelta(minutes=1)
    whole, bottom, right = max(whole, 1, *(count for _moment, count in points)), HEIGHT - BOTTOM, WIDTH - 8
    spots = [
        (LEFT + (at - start) / (end - start) * (right - LEFT), TOP + (1 - count / whole) * (bottom - TOP))
        for at, count in points
    ]
    path = f"M{LEFT} {bottom}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in spots)
    length = (end - start).total_seconds()
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="area" d="{}H{}V{}Z"/><path class="axis" d="M{} {}H{}M{} {}H{}M{} {}H{}" fill="none"/>'
        '<path class="curve" d="{}H{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text><text x="{}" y="{}" text-anchor="end">0</text>'
        '<text x="{}" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text></svg>',
        *(WIDTH, HEIGHT, title, path, right, bottom),
        *(LEFT, TOP, right, LEFT, (TOP + bottom) / 2, right, LEFT, bottom, right),
        *(path, right, LEFT - 6, TOP + 5, formatting.number(whole), LEFT - 6, bottom),
        *(LEFT, HEIGHT - 4, _at(start, zone, length), right, HEIGHT - 4, _at(end, zone, length)),
    )


def _at(at: datetime, zone: tzinfo, seconds: float) -> str:
    return formatting.clock(at, zone) if seconds < 20 * 3600 else formatting.day(at, zone)


def bar(parts: Sequence[tuple[str, int]], title: str, whole: int) -> SafeString:
    """Return one bar of several parts of a whole; each part is a class of the style sheet and a count."""
    whole = max(sum(count for _name, count in parts), whole, 1)
    bars, x = [], 0.0
    for name, count in parts:
        width = count / whole * WIDTH
        bars.append((name, f"{x:.2f}", f"{width:.2f}"))
        x += width
    cells = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="16"/>', bars)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} 16" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<rect class="track" width="{}" height="16"/>{}</svg>',
        *(WIDTH, title, WIDTH, cells),
    )


def columns(values: Sequence[int], ends: tuple[str, str], title: str) -> SafeString:
    """Return a column for each value, from left to right; `ends` is written below the first and the last."""
    return stacked([[("column", value)] for value in values], ends, title)


def stacked(values: Sequence[Sequence[tuple[str, int]]], ends: tuple[str, str], title: str) -> SafeString:
    """Return a column of several parts for each entry; each part is a class of the style sheet and a count."""
    top = max([sum(count for _name, count in parts) for parts in values] + [1])
    step, cells = (WIDTH - LEFT - 8) / max(len(values), 1), []
    for number, parts in enumerate(values):
        bottom = float(HEIGHT - BOTTOM)
        for name, count in parts:
            height = count / top * (HEIGHT - TOP - BOTTOM)
            bottom -= height
            place = (LEFT + (number + 0.15) * step, bottom, step * 0.7, height)
            cells.append((name, *(f"{coordinate:.1f}" for coordinate in place)))
    columns_drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', cells)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}'
        '<path class="axis" d="M{} {}V{}H{}" fill="none"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text><text x="{}" y="{}" text-anchor="end">0</text>'
        '<text x="{}" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text></svg>',
        *(WIDTH, HEIGHT, title, columns_drawn, LEFT, TOP, HEIGHT - BOTTOM, WIDTH),
        *(LEFT - 6, TOP + 5, formatting.number(top), LEFT - 6, HEIGHT - BOTTOM),
        *(LEFT, HEIGHT - 4, ends[0], WIDTH, HEIGHT - 4, ends[1] if len(values) > 1 else ""),
    )


def strip(states: Sequence[str], title: str) -> SafeString:
    """Return a cell for each state, from left to right; a state is a class of the style sheet."""
    cells = [(state, number * 8) for number, state in enumerate(states)]
    drawn = format_html_join("", '<rect class="{}" x="{}" y="0" width="6" height="16"/>', cells)
    return format_html(
        '<svg class="strip" viewBox="0 0 {} 16" role="img" aria-label="{}">{}</svg>', len(states) * 8, title, drawn
    )
