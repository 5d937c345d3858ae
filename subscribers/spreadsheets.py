"""CSV that spreadsheets open without running anything."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """The text so that a spreadsheet takes it for text: `'` before what would begin a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
