"""The time zone that somebody meant who wrote a city or a country."""

import pytest

from newsletter.config.time_zones import known_time_zones, suggested_time_zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Oslo", "Europe/Oslo"), ("oslo", "Europe/Oslo"), ("Olso", "Europe/Oslo"), ("europe/oslo", "Europe/Oslo"),
        ("Europe/Olso", "Europe/Oslo"), ("Norway", "Europe/Oslo"), ("Norge", "Europe/Oslo"), ("Noreg", "Europe/Oslo"),
        ("Oslo, Norway", "Europe/Oslo"), ("Deutschland", "Europe/Berlin"), ("Spain", "Europe/Madrid"),
        ("New York", "America/New_York"), ("United States", "America/New_York"), ("Sverige", "Europe/Stockholm"),
    ],
)  # fmt: skip
def test_a_city_or_a_country_has_a_time_zone(text: str, zone: str) -> None:
    assert zone in known_time_zones()
    assert suggested_time_zone(text) == zone


@pytest.mark.parametrize(
    "text", ["CET+1", "UTC+01:00", "GMT+1", "", "xyzzy", "/", "local time", "CEST", "EST", "Bergen"]
)
def test_nothing_is_suggested_where_no_place_is_meant(text: str) -> None:
    assert suggested_time_zone(text) is None
