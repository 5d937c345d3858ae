"""The price of values of fields in emails: `python -m tests.bench.bench_values [DISTINCT]`.

Two emails are spliced for the same recipients, one with the name alone and one with two own fields beside it, in ten
alternating pairs; the median and the spread of the differences in CPU time are the price. DISTINCT (1,000) is how many
different towns there are. That an email which uses no field costs the same as before shows bench_engine.
"""

import statistics
import sys
import time
from collections.abc import Sequence

from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.edition import render
from newsletter.render.message import encoded
from tests.bench.bench_render import long_post
from tests.render.samples import UNTIL, digest, letterhead, post

PAIRS, RECIPIENTS, POSTS = 10, 50_000, 17
FIELDS = ("town", "level")
PLAIN = "Kjære {name|leser}, her er uken."
PERSONAL = f"{PLAIN} Vi ses i {{town|byen din}}, du som er {{level|ny}}."


def email(greeting: str) -> EncodedEmail:
    """An edition of 17 posts with this introduction."""
    head = letterhead(fields=FIELDS)
    posts = [post(number, html=long_post(number).html) for number in range(POSTS)]
    return encoded(render(digest(posts, letterhead=head, greeting=greeting)), head, date=UNTIL)


def recipients(distinct: int) -> list[Recipient]:
    """Recipients with a name and values; half of the towns aren't ASCII."""
    return [
        Recipient(
            number,
            f"r{number}@reader.example",
            f"{number:028}",
            f"m.{number}",
            f"Ola {number}",
            values={"town": f"{'Tromsø' if number % 2 else 'Oslo'} {number % distinct}", "level": "advanced"},
        )
        for number in range(RECIPIENTS)
    ]


def seconds(mail: EncodedEmail, people: Sequence[Recipient]) -> float:
    """The CPU time to build all messages and join each, as a connection does that writes it."""
    builder = MessageBuilder(mail)
    start = time.process_time()
    for person in people:
        b"".join(builder.build(person).pieces)
    return time.process_time() - start


def splicing(distinct: int) -> None:
    """Print the price of two fields in a message."""
    plain, personal, people = email(PLAIN), email(PERSONAL), recipients(distinct)
    seconds(plain, people[:1_000])
    pairs = []
    for number in range(PAIRS):
        order = (plain, personal) if number % 2 else (personal, plain)
        times = {id(mail): seconds(mail, people) for mail in order}
        pairs.append((times[id(plain)], times[id(personal)]))
    usual = statistics.median(without for without, _ in pairs) / RECIPIENTS * 1e6
    added = sorted((b - a) / RECIPIENTS * 1e6 for a, b in pairs)
    median = statistics.median(added)
    sys.stdout.write(
        f"two fields: {median:+.2f} µs a message ({added[0]:+.2f} to {added[-1]:+.2f}) beside {usual:.1f} µs for "
        f"building it; of the 70 to 100 µs that sending one takes, {median / 100:.1%} to {median / 70:.1%}\n"
    )


if __name__ == "__main__":
    splicing(int(sys.argv[1]) if sys.argv[1:] else 1_000)
