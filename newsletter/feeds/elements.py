"""The elements that are open at a place in a text of markup, for those who read it tag by tag."""

from collections import Counter


class OpenElements:
    """The open elements, outermost first; tags of more than `limit` levels are left out by whoever asks here.

    `deepest` is how deep they ever were. Each question takes the same time, however many are open.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.deepest = 0
        self._names: list[str] = []
        self._count: Counter[str] = Counter()

    def __contains__(self, name: str) -> bool:
        return self._count[name] > 0

    @property
    def depth(self) -> int:
        """How many are open."""
        return len(self._names)

    @property
    def room(self) -> bool:
        """Whether another one would be within the limit."""
        return len(self._names) < self.limit

    @property
    def innermost(self) -> str:
        """The one that was opened last, "" where none is open."""
        return self._names[-1] if self._names else ""

    def push(self, name: str) -> bool:
        """Open one; whether it is within the limit."""
        within = self.room
        self._names.append(name)
        self._count[name] += 1
        self.deepest = max(self.deepest, len(self._names))
        return within

    def pop(self) -> str:
        """Close the innermost one; its name."""
        name = self._names.pop()
        self._count[name] -= 1
        return name
