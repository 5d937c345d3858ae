"""The price of rich parts in emails: `python -m tests.bench.bench_rich_parts [PART]` prints a line for each.

The same week of 17 posts is rendered without the part and with it in each post, one after the other, and the median of
the differences in CPU time is the price. Texts are new each time, so that none is in a cache, as with a new edition.
"""

import statistics
import sys
import time

from newsletter.domain.digest import Digest
from newsletter.feeds.html.clean import clean
from newsletter.render.edition import render
from tests.bench.bench_render import long_post
from tests.render.samples import digest, post
from tests.render.test_rich_parts import PAGE, PARTS

POSTS = 17
ROUNDS = 15


def week(first: int, part: str = "") -> Digest:
    """A week of posts whose texts have the numbers from the first, each with a part at its end."""
    texts = [long_post(first + number).html for number in range(POSTS)]
    return digest([post(number, html=text + part) for number, text in enumerate(texts)])


def milliseconds(edition: Digest) -> float:
    """The CPU time for rendering an edition."""
    start = time.process_time()
    render(edition)
    return (time.process_time() - start) * 1000


def price(name: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """The medians of the CPU time without a part, and of what it adds; the first pair, which is cold, doesn't count."""
    part = clean(PARTS[name]["source"], PAGE, PAGE).html
    pairs = [
        (milliseconds(week(number * 2_000)), milliseconds(week(number * 2_000 + 1_000, part)))
        for number in range(rounds + 1)
    ][1:]
    return statistics.median(without for without, _ in pairs), statistics.median(b - a for a, b in pairs)


if __name__ == "__main__":
    for each in [name for name in PARTS if name in sys.argv[1:]] or PARTS:
        usual, added = price(each)
        sys.stdout.write(
            f"{each}: {added:+.1f} ms for {POSTS} posts, {added / POSTS:+.2f} ms for each, beside {usual:.1f} ms\n"
        )
