"""English text of the log and the command line that isn't a message."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as "1 post" and "2 posts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
