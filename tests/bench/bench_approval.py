"""What approving an edition with many variants costs other writers: `python -m tests.bench.bench_approval [READERS]`.

Readers pick among nine topics, so that a long edition has more than 64 variants. While it is approved, queued and
begun, another process unsubscribes somebody by one click again and again. Prints how long each step took, its longest
transactions, and the longest unsubscription.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.bench_import import unsubscribing
from tests.bench.bench_variants import Newsletter, begin
from tests.write_transactions import recorded

POSTS, TOPICS = 40, 9
SENTENCE = 'A sentence with <b>bold</b> words and <a href="https://x.example/a">a link</a>. '
TEXT = f"<p>{SENTENCE * 4}</p>" * 12


def main(readers: int = 5_000) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name:
        os.chdir(name)
        begin(Path(name), "sqlite:///bench.db")
        from newsletter.editions import approval
        from newsletter.sending import lifecycle
        from tests import factories

        newsletter = Newsletter(readers, TOPICS)
        factories.configured(topics=newsletter.configuration.newsletters[factories.NAME].topics, minimum_posts=0)
        plain = factories.found
        factories.found = lambda uid, at, **fields: plain(uid, at, html=TEXT, **fields)
        newsletter.publish(POSTS)
        made = newsletter.drafted("week")
        waits: list[float] = []
        with unsubscribing(waits), recorded() as recorder:
            began = time.perf_counter()
            edition = approval.approve(newsletter.configuration, made, now=newsletter.now)
            approved = time.perf_counter()
            approval.queue(newsletter.configuration, edition, now=newsletter.now)
            queued = time.perf_counter()
            lifecycle.begin_due(newsletter.configuration, newsletter.now)
            begun = time.perf_counter()
        sys.stdout.write(
            f"{edition.variants.count()} variants of {POSTS} posts at most: approved in {approved - began:.1f} s, "
            f"queued in {queued - approved:.1f} s, begun in {begun - queued:.1f} s\n"
        )
        for each in recorder.longest[:5]:
            sys.stdout.write(f"  {each.seconds:6.3f} s, {each.cpu:6.3f} s of CPU time  {each.place}\n")
        sys.stdout.write(f"longest unsubscription {waits[0]:.2f} s\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
