"""The pause before something is tried again, which doubles while it fails."""


class Backoff:
    """Pauses in seconds: `first`, then twice the one before, at most `longest`."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self.pause = first
        """The next pause."""

    def take(self) -> float:
        """Return the next pause, and double it."""
        pause = self.pause
        self.pause = min(pause * 2, self._longest)
        return pause

    def reset(self) -> None:
        """Begin with the first pause again, after a success."""
        self.pause = self._first
