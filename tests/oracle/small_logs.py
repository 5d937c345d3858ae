"""Small logs for the judge: what happens at how many days from a Monday on, and what is broken then."""

from datetime import UTC, datetime, timedelta

from tests.oracle.acts import Act, Approved, Began, Configured, Email, Ended, Finished, Joined, Kind, ListedPost, Read
from tests.oracle.judge import judge

MONDAY = datetime(2026, 2, 23, 9, tzinfo=UTC)
FILM = frozenset({"film"})
TOPICS = {"film": FILM, "books": frozenset({"books"})}


def at(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def listed(name: str, days: float, *categories: str) -> ListedPost:
    return ListedPost(name, at(days), frozenset(categories))


def read(days: float, *posts: ListedPost) -> Read:
    return Read(at(days), posts, MONDAY - timedelta(days=9_000))


def approved(days: float, name: str, cadence: str = "week", **more: object) -> Approved:
    usual = {"kind": Kind.PERIODIC, "refreshed": at(days), "reaches": at(days)}
    return Approved(at(days), name, cadence, **{**usual, **more})


def sent(days: float, name: str, *emails: tuple[str, str], cadence: str = "week", **more: object) -> list[Act]:
    """An edition that is approved and sent at once, to readers with their posts, with spaces between."""
    arrived = [Email(at(days), reader, name, tuple(posts.split())) for reader, posts in emails]
    return [approved(days, name, cadence, **more), Began(at(days), name), *arrived, Finished(at(days), name)]


def judged(*log: Act | list[Act], cadences: tuple[str, ...] = (), **more: object) -> list[str]:
    """Return what is broken in a weekly newsletter that was set up on Monday, and what is left open."""
    acts = [act for each in log for act in (each if isinstance(each, list) else [each])]
    begun = [Configured(MONDAY, "week", cadences, **more), read(0)]
    judgement = judge([*begun, *acts, Ended(at(60), at(30))])
    broken = [f"{each.what} {each.reader} {each.post}".strip() for each in judgement.violations]
    assert judgement.pairs == judgement.must + judgement.must_not + sum(judgement.either.values())
    return sorted(broken) + sorted(f"either: {why}" for why in judgement.either)


R = Joined(at(0), "r")
ONE = read(1, listed("a", 1))
TWO = read(1, listed("a", 1), listed("b", 1))
