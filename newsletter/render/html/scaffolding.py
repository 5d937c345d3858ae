"""The layout tables that MRML writes around each section, reduced to one for all plain sections in a row.

A section is plain if it has one column, no background or class of its own, and no padding but at its top. MRML writes
three tables for each section, and two more for Word, which take 1.2 KB. Rows of one table look the same.
"""

import re

_TABLE = '<table border="0" cellpadding="0" cellspacing="0" role="presentation"'
_BEGINNING = (
    re.escape(f'<!--[if mso | IE]>{_TABLE} align="center" width="')
    + r'(?P<width>\d{1,5})" style="width:(?P=width)px;"><tr>'
    + re.escape('<td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->')
    + r'<div style="margin:0px auto;max-width:(?P=width)px;">'
    + re.escape(f'{_TABLE} align="center" style="width:100%;"><tbody><tr>')
    + r'<td style="direction:(?P<direction>ltr|rtl);font-size:0px;'
    + r'padding:(?P<top>\d{1,5})px(?: 0px){0,3};text-align:center;">'
    + re.escape(f"<!--[if mso | IE]>{_TABLE}><tr><![endif]--><!--[if mso | IE]>")
    + r'<td style="vertical-align:top;width:(?P=width)px;"><!\[endif\]-->'
    + r'<div class="mj-outlook-group-fix mj-column-per-100" style="font-size:0px;text-align:left;'
    + r'direction:(?P=direction);display:inline-block;vertical-align:top;width:100%;">'
    + re.escape(f'{_TABLE} width="100%"><tbody><tr><td style="vertical-align:top;padding:0px;">')
    + re.escape(f'{_TABLE} width="100%"><tbody>')
)
_START = re.compile(_BEGINNING)
_END = (
    "</tbody></table></td></tr></tbody></table></div><!--[if mso | IE]></td><![endif]-->"
    "<!--[if mso | IE]></tr></table><![endif]--></td></tr></tbody></table></div>"
    "<!--[if mso | IE]></td></tr></table><![endif]-->"
)
_FIRST_CELL = re.compile(
    r'(<tr><td (?:[^<>s]|s(?!tyle="))*+style="(?:(?!padding:)[^"<>;]++;)*+padding:)'
    r'(\d{1,5})px((?: \d{1,5}px){0,3}+);(?!(?:[^"<>p]|p(?!adding-))*+padding-)'
)
_OPENED = (
    f'<!--[if mso | IE]>{_TABLE} align="center" width="{{width}}"><tr><td><![endif]-->'
    f'<div style="margin:0 auto;max-width:{{width}}px">{_TABLE} width="100%" style="table-layout:fixed"><tbody>'
)
_CLOSED = "</tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]-->"
_COLUMN = "mj-column-per-"
_NARROW_COLUMN = re.compile(r'class="mj-outlook-group-fix mj-column-(?!per-100[" ])')
_COLUMN_STYLES = re.compile(
    r"<!--\[if lte mso 11\]>(?:[^<]++|<(?!!))*+<!\[endif\]-->"
    r"|<style[^<>]*+>(?:@media only screen and \(min-width:480px\) \{|\.moz-text-html) \.mj-column-[^<]*+</style>"
)


def with_one_table(html: str) -> str:
    """Return MRML's HTML with one table for neighbouring plain sections.

    The styles of columns are left out if all columns are as wide as the email, which their own styles say as well.
    """
    pieces: list[str] = []
    position, is_open = 0, False
    for start in _START.finditer(html):
        end = html.find(_END, start.end())
        rows = html[start.end() : end]
        cell = _FIRST_CELL.match(rows)
        if end < 0 or _COLUMN in rows or not cell:
            continue
        if before := html[position : start.start()]:
            pieces += [_CLOSED if is_open else "", before]
            is_open = False
        if not is_open:
            pieces.append(_OPENED.format(width=start["width"]))
        pieces += [_with_padding(cell, int(start["top"])), rows[cell.end() :]]
        position, is_open = end + len(_END), True
    joined = "".join([*pieces, _CLOSED if is_open else "", html[position:]])
    return joined if _NARROW_COLUMN.search(joined) else _COLUMN_STYLES.sub("", joined)


def _with_padding(cell: re.Match[str], top: int) -> str:
    """Return the beginning of the first row, with the padding that its section had at the top."""
    sides = cell[3].split()
    if top and len(sides) < 2:
        sides = [sides[0] if sides else f"{cell[2]}px", f"{cell[2]}px"]
    return f"{cell[1]}{' '.join([f'{int(cell[2]) + top}px', *sides])};"
