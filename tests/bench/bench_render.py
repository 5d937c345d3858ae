"""The CPU time to render 17 posts, warm, and 120 that must be shortened.

`python -m tests.bench.bench_render` prints a line for each design.
"""

import statistics
import sys
import time

from newsletter.config.theme import DesignName
from newsletter.domain.digest import DigestPost
from newsletter.render.edition import render
from newsletter.render.lint import lint
from newsletter.render.theme.designs import DESIGNS
from tests.render.samples import digest, letterhead, post

ROUNDS = 40
LIMIT = 20.0


def long_post(number: int) -> DigestPost:
    """A post of some 350 words, as a news blog's are."""
    html = "".join(
        f"<p>Paragraph {n} of post {number} tells how lot {n} went from the farm to the port by mule and by lorry, "
        "who carried it, what it cost, and why nobody on the way was in a hurry to see it arrive.</p>"
        for n in range(10)
    )
    return post(number, html=html)


def milliseconds(design: DesignName = "letter", rounds: int = ROUNDS) -> tuple[float, float]:
    """The medians of CPU time for rendering, and for rendering and looking for faults."""
    edition = digest([long_post(n) for n in range(17)], letterhead=letterhead(design=design))
    rendered = render(edition)
    lint(rendered, edition)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        start = time.process_time()
        rendered = render(edition)
        middle = time.process_time()
        lint(rendered, edition)
        taken[0].append((middle - start) * 1000)
        taken[1].append((time.process_time() - start) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])


def seconds_of_shortening(design: DesignName) -> float:
    """The CPU time to fit 120 posts into the largest size."""
    edition = digest([long_post(n) for n in range(120)], letterhead=letterhead(design=design))
    start = time.process_time()
    render(edition)
    return time.process_time() - start


if __name__ == "__main__":
    for name in DESIGNS:
        rendering, with_lint = milliseconds(name)
        sys.stdout.write(
            f"render {name}: 17 posts in {rendering:.1f} ms of CPU, warm (limit {LIMIT:.0f} ms), "
            f"with lint {with_lint:.1f} ms, 120 posts in {seconds_of_shortening(name):.2f} s\n"
        )
