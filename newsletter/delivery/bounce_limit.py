"""When the emails that bounced are too many, from the first ones on.

Of many emails, the share is compared with the limit. Of few, chance decides: if one address in ten is bad, two of the
first ten are no surprise. So an edition pauses as soon as that many bounces are nearly impossible for a list that just
keeps the limit, by the binomial distribution. At 10 %, that is so for 5 of the first 5 emails, 9 of 20, 15 of 50 and 24
of 100.
"""

from math import comb

from newsletter.messages import Message, sending as messages

NEARLY_IMPOSSIBLE = 1e-4
"""The rule is applied after each bounce, so a list that keeps the limit has some hundred chances to break it."""


def bounce_problem(bounced: int, tried: int, limit: float, minimum: int) -> Message | None:
    """Return why an edition must pause of which so many emails bounced; None if it may go on.

    `limit` is a percentage, 0 for none; from `minimum` emails on, it is compared with the share itself.
    """
    if not limit or bounced * 100 <= limit * tried:
        return None
    if tried < minimum and tail_probability(bounced, tried, limit / 100) >= NEARLY_IMPOSSIBLE:
        return None
    share = round(100 * bounced / tried, 2)
    return messages.BOUNCING(bounced=bounced, sent=tried, share=share, bound=limit)


def tail_probability(bounced: int, tried: int, rate: float) -> float:
    """Return the probability that at least this many of the tried emails bounce, each at this rate."""
    return sum(comb(tried, k) * rate**k * (1 - rate) ** (tried - k) for k in range(bounced, tried + 1))
