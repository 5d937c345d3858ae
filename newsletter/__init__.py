"""Collects a blog's posts, makes them into an email grouped by day, and sends it once to each subscriber."""


def __getattr__(name: str) -> str:
    """Return `__version__`, which takes a tenth of a command's CPU time to look up, where it is used."""
    if name != "__version__":
        raise AttributeError(f"module 'newsletter' has no attribute '{name}'")
    from importlib.metadata import version

    return version("newsletter")
