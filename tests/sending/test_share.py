"""Machines share the configured limits, and together never exceed them, while machines join and leave."""

from datetime import timedelta
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
from newsletter.sending.machines.share import WHOLE, MachineShare, Share, next_share

DELIVERY = DeliverySettings(
    connections=5,
    rate="300/s",
    domains={"two.example": DomainPace(connections=2, rate=Rate(20, 1)), "any.example": DomainPace(rate=Rate(9, 1))},
)


def used(shares: list[Share | None]) -> dict[str, float]:
    """Return the sum of these shares."""
    limits = [each.of(DELIVERY) for each in shares if each]
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
    shares: list[Share | None] = [Share(place, machines) for place in range(machines)]
    assert used(shares) == pytest.approx(WHOLE_OF_ALL)


def test_a_machine_without_a_connection_to_a_domain_does_not_send_to_it() -> None:
    assert Share(1, 3).of(DELIVERY).excluded == frozenset()
    assert Share(2, 3).of(DELIVERY).excluded == {"two.example"}


def test_a_newcomer_waits_until_the_others_use_less() -> None:
    assert next_share("b", {"a": WHOLE, "b": None}, 5) is None
    assert next_share("a", {"a": WHOLE, "b": None}, 5) == Share(0, 2)
    assert next_share("b", {"a": Share(0, 2), "b": None}, 5) == Share(1, 2)


def test_the_others_get_the_share_of_one_that_left() -> None:
    assert next_share("c", {"b": Share(1, 3), "c": Share(2, 3)}, 5) == Share(1, 2)


def test_there_are_no_more_machines_than_connections() -> None:
    assert next_share("c", {"a": Share(0, 2), "b": Share(1, 2), "c": None}, 2) is None


Events = st.lists(st.tuples(st.sampled_from(["look", "join", "leave"]), st.integers(0, 6)), max_size=60)


@given(Events)
def test_the_whole_is_never_exceeded_and_in_the_end_everybody_has_their_share(events: list[tuple[str, int]]) -> None:
    """Machines look in any order, at any time; a lower share is confirmed at once, which is the hardest case."""
    shares: dict[str, Share | None] = {}
    for what, number in events:
        name = f"machine {number}"
        if what == "join":
            shares.setdefault(name, None)
        elif what == "leave":
            shares.pop(name, None)
        elif name in shares:
            shares[name] = next_share(name, shares, DELIVERY.connections)
        now = used(list(shares.values()))
        assert all(now[limit] <= whole + 1e-6 for limit, whole in WHOLE_OF_ALL.items()), shares
    for _ in range(3):
        for name in shares:
            shares[name] = next_share(name, shares, DELIVERY.connections)
    parts = min(len(shares), DELIVERY.connections)
    wanted = [Share(place, parts) if place < parts else None for place in range(len(shares))]
    assert list(shares.values()) == wanted


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
    assert one.claim(DELIVERY) == Share(0, 2)
    assert two.claim(DELIVERY) is None, "its processes may still use the whole"
    one.confirm(Share(0, 2))
    assert two.claim(DELIVERY) == Share(1, 2)
    one.leave()
    assert two.claim(DELIVERY) == WHOLE


@pytest.mark.django_db
@pytest.mark.usefixtures("shared_database")
def test_the_share_of_a_lost_machine_goes_to_the_others_when_its_lease_has_ended(tmp_path: Path) -> None:
    one, two = machine(tmp_path / "one"), machine(tmp_path / "two")
    one.claim(DELIVERY)
    two.claim(DELIVERY)
    one.confirm(Share(0, 2))
    assert two.claim(DELIVERY) == Share(1, 2)
    lost = Machine.objects.filter(name=journals.machine(tmp_path / "one"))
    lost.update(seen_at=F("seen_at") - LEASE + timedelta(seconds=5))
    assert two.claim(DELIVERY) == Share(1, 2)
    lost.update(seen_at=F("seen_at") - timedelta(seconds=5))
    assert two.claim(DELIVERY) == WHOLE


def test_limits_are_applied_to_settings() -> None:
    settings = Limits.of(DELIVERY).share(0, 2).applied_to(DELIVERY)
    assert (settings.connections, settings.rate.per_second) == (3, 150)
