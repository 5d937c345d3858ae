"""How wide images can be where they are: the column of an email, or a cell in it."""

from newsletter.render.content.fragment import Element

COLUMN = 552
"""CSS pixels between the margins of an email."""
_WIDTH = "data-column"
"""The attribute of a cell that has the width of its content, until the email is finished."""


def set_column(cell: Element, width: int) -> None:
    """Note the width in CSS pixels of what is in a cell."""
    cell.set(_WIDTH, str(width))


def column_of(element: Element) -> int:
    """Return the width in CSS pixels of the column or the cell that an element is in."""
    cell = next((each for each in element.iterancestors("td") if each.get(_WIDTH)), None)
    return COLUMN if cell is None else int(cell.get(_WIDTH))


def forget_columns(root: Element) -> None:
    """Remove the widths that were noted."""
    for cell in root.iter("td"):
        cell.attrib.pop(_WIDTH, None)
