"""The names of editions."""

from newsletter.domain.cadence import cadence_in, edition_name


def test_only_the_default_cadence_has_names_without_a_prefix() -> None:
    assert edition_name("2026-W06", "week", "week") == "2026-W06"
    assert edition_name("2026-02-06", "day", "week") == "day-2026-02-06"
    assert (cadence_in("day-2026-02-06"), cadence_in("2026-W06"), cadence_in("letter-2026-02-06")) == (
        "day",
        None,
        None,
    )
