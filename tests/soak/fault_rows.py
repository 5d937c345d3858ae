"""A row of the table of faults: what each place said and when, what was lost, and whether the remedy works."""

from dataclasses import dataclass, field

PLACES = ("log", "readyz", "desk", "report", "metric", "alert", "email", "remedy")
HEAD = (
    "| fault | log | /readyz | desk | report | metrics | alert_url | email | remedy carried out | all sent after "
    "| lost | twice | unconfirmed, then resent | refused |"
)
SEPARATOR = "|" + " --- |" * HEAD.count(" | ") + " --- |"


@dataclass
class Row:
    """What was said of a fault: by each place, the seconds after which something was said first, and the words.

    `mended`: the seconds after the remedy in which the edition was sent; None if it was not.
    """

    fault: str
    said: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    counts: dict[str, object] = field(default_factory=dict)
    remedies: list[str] = field(default_factory=list)
    mended: float | None = None
    status: str = ""
    unconfirmed: int = 0
    lost: int = 0
    twice: int = 0

    def note(self, place: str, seconds: float, words: str) -> None:
        known = self.said.setdefault(place, [])
        if words and words not in (text for _, text in known):
            known.append((seconds, words))

    def text(self) -> str:
        """All that was said, with the first words of `newsletter status`."""
        lines = [f"## {self.fault}", ""]
        for place in PLACES:
            for seconds, words in self.said.get(place, [])[:12]:
                lines.append(f"| {place} | {seconds:.0f} s | {words[:400]} |")
            if not self.said.get(place):
                lines.append(f"| {place} | – | nothing |")
        lines += [f"| status | | {line.strip()} |" for line in self.status.splitlines() if line.strip()][:8]
        shown = {key: value for key, value in self.counts.items() if value}
        lines.append(f"| lost {self.lost}, twice {self.twice} | | {shown} |")
        return "\n".join([*lines, "", self.line()])

    def line(self) -> str:
        """The row of the table."""
        first = [self.said[place][0] if self.said.get(place) else None for place in PLACES[:-1]]
        cells = [f"{at[0]:.0f} s" if at else "–" for at in first]
        mended = "not" if self.mended is None else f"{self.mended:.0f} s"
        remedies = "; ".join(self.remedies) or "none"
        numbers = [str(each) for each in (self.lost, self.twice, self.unconfirmed, self.counts.get("refused"))]
        return f"| {' | '.join([self.fault, *cells, remedies, mended, *numbers])} |"
