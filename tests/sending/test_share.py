"""Machines share the configured limits, and together never exceed them, while machines join and leave."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db.models import F
from hypothesis import given, strategies as st

from newsletter.config import DeliverySettings, DomainPace, Rate
from newsletter.delivery.limits import Limits
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines import share
from newsletter.sending.machines.lease import LEASE, LeaseHolder, acquire
from newsletter.sending.machines.share import BEGIN, ROOM, WHOLE, MachineShare, Share, share_at

NOW = datetime(2026, 2, 6, 18, tzinfo=UTC)
DELIVERY = DeliverySettings(
    connections=5,
    rate="300/s",
    domains={"two.example": DomainPace(connections=2, rate=Rate(20, 1)), "any.example": DomainPace(rate=Rate(9, 1))},
)


def used(shares: list[Share]) -> dict[str, float]:
    """Return the sum of these shares."""
    limits = [each.of(DELIVERY) for each in shares]
    paces = [pace for each in limits if (pace := each.domains.get("two.example"))]
    return {
        "connections": sum(each.connections for each in limits),
        "rate": sum(each.rate.per_second for each in limits),
        "domain connections": sum(pace.connections or 0 for pace in paces),
        "domain rate": sum(pace.rate.per_second for pace in paces),
        "domain without connections": sum(each.domains["any.example"].rate.per_second for each in limits),
    }


WHOLE_OF_ALL = {
    "connections": 5,
    "rate": 300,
    "domain connections": 2,
    "domain rate": 20,
    "domain without connections": 9,
}


@pytest.mark.parametrize("machines", range(1, 6))
def test_all_shares_together_are_what_is_configured(machines: int) -> None:
    assert used([Share(place, machines) for place in range(machines)]) == pytest.approx(WHOLE_OF_ALL)


def test_a_machine_without_a_connection_to_a_domain_does_not_send_to_it() -> None:
    assert Share(1, 3).of(DELIVERY).excluded == frozenset()
    assert Share(2, 3).of(DELIVERY).excluded == {"two.example"}


def shares_at(now: datetime, joined: dict[str, datetime], most: int = DELIVERY.connections) -> list[Share]:
    """The shares of all machines that may send now."""
    return [share for name in joined if (share := share_at(now, name, joined, most))]


def test_the_others_make_room_before_a_machine_that_joined_begins() -> None:
    joined = {"a": NOW - BEGIN, "b": NOW}
    assert shares_at(NOW, joined) == [WHOLE]
    assert shares_at(NOW + ROOM, joined) == [Share(0, 2)]
    assert shares_at(NOW + BEGIN, joined) == [Share(0, 2), Share(1, 2)]


def test_there_are_no_more_machines_than_connections() -> None:
    joined = dict.fromkeys("abc", NOW - BEGIN)
    assert shares_at(NOW, joined, most=2) == [Share(0, 2), Share(1, 2)]


Joined = st.lists(st.integers(0, 60), max_size=7).map(sorted)


@given(Joined, st.integers(0, 90), st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_the_whole_is_never_exceeded_though_each_machine_looks_late(
    seconds: list[int], moment: int, late: list[int]
) -> None:
    """Each machine uses the share of when it looked last, less than ten seconds ago."""
    joined = {f"machine {n}": NOW + timedelta(seconds=at) for n, at in enumerate(seconds)}
    shares = []
    for (name, since), delay in zip(joined.items(), late, strict=False):
        looked = NOW + timedelta(seconds=moment - delay)
        known = {other: at for other, at in joined.items() if at <= looked}
        if since <= looked and (share := share_at(looked, name, known, DELIVERY.connections)):
            shares.append(share)
    now = used(shares)
    assert all(now[limit] <= whole + 1e-6 for limit, whole in WHOLE_OF_ALL.items()), shares


@pytest.fixture
def shared_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with PostgreSQL, where machines share the limits."""
    monkeypatch.setattr(share, "connection", SimpleNamespace(vendor="postgresql"))


def machine(folder: Path) -> MachineShare:
    """A machine that holds its lease."""
    folder.mkdir()
    name = journals.machine(folder)
    acquire(name, LeaseHolder(name, "boot", folder.name), folder, timedelta())
    return MachineShare(folder)


@pytest.mark.django_db
def test_with_sqlite_the_only_machine_has_the_whole(tmp_path: Path) -> None:
    assert MachineShare(tmp_path).claim(DELIVERY) == WHOLE


@pytest.mark.django_db
@pytest.mark.usefixtures("shared_database")
def test_machines_share_what_is_configured(tmp_path: Path) -> None:
    one, two = machine(tmp_path / "one"), machine(tmp_path / "two")
    assert one.claim(DELIVERY) == WHOLE
    assert two.claim(DELIVERY) is None
    assert one.claim(DELIVERY) == WHOLE, "the other one does not send yet"
    pass_time(ROOM)
    assert (one.claim(DELIVERY), two.claim(DELIVERY)) == (Share(0, 2), None)
    pass_time(BEGIN - ROOM)
    assert (one.claim(DELIVERY), two.claim(DELIVERY)) == (Share(0, 2), Share(1, 2))
    one.leave()
    assert two.claim(DELIVERY) == WHOLE


@pytest.mark.django_db
@pytest.mark.usefixtures("shared_database")
def test_the_share_of_a_lost_machine_goes_to_the_others_when_its_lease_has_ended(tmp_path: Path) -> None:
    one, two = machine(tmp_path / "one"), machine(tmp_path / "two")
    one.claim(DELIVERY)
    two.claim(DELIVERY)
    pass_time(BEGIN)
    assert two.claim(DELIVERY) == Share(1, 2)
    lost = Machine.objects.filter(name=journals.machine(tmp_path / "one"))
    lost.update(seen_at=F("seen_at") - LEASE + timedelta(seconds=5))
    assert two.claim(DELIVERY) == Share(1, 2)
    lost.update(seen_at=F("seen_at") - timedelta(seconds=5))
    assert two.claim(DELIVERY) == WHOLE


def pass_time(length: timedelta) -> None:
    Machine.objects.update(joined_at=F("joined_at") - length)


def test_limits_are_applied_to_settings() -> None:
    settings = Limits.of(DELIVERY).share(0, 2).applied_to(DELIVERY)
    assert (settings.connections, settings.rate.per_second) == (3, 150)
