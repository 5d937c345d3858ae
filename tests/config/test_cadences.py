"""Several cadences of a newsletter: what may be configured, and the newsletter as each of them has it."""

from dataclasses import replace

import pytest

from newsletter import config
from newsletter.config import CadenceSettings, ConfigError, Newsletter

SMALLEST = """
[site]
url = "https://example.org"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
"""
SOURCES = """
[[newsletters.kinaforum.sources]]
url = "https://kinaforum.example/"
"""


def parsed(keys: str, tables: str = "") -> Newsletter:
    return config.parse(SMALLEST + keys + SOURCES + tables).newsletters["kinaforum"]


def test_without_cadences_there_is_one_which_is_the_period() -> None:
    newsletter = parsed('period = "month"')
    assert newsletter.offered == ("month",)
    assert newsletter.at("day") is newsletter


def test_the_period_is_the_first_cadence_however_they_are_listed() -> None:
    newsletter = parsed('cadences = ["day", "month", "week"]')
    assert newsletter.offered == ("week", "day", "month")
    assert newsletter.at("").period == "week"


def test_a_cadence_has_its_own_settings_and_the_others_of_the_newsletter() -> None:
    newsletter = parsed(
        'cadences = ["day", "week"]\nsubject = "Hei"\nsend = "mon 09:00"\nmaximum_posts = 7',
        '[newsletters.kinaforum.cadence.day]\nsend = "07:00"\napproval = "none"\n',
    )
    day = newsletter.at("day")
    assert (day.period, day.approval, day.maximum_posts, day.default_cadence) == ("day", "none", 7, "week")
    assert (day.send_moment.at.hour, day.send_moment.weekday) == (7, None)
    assert "date" in day.subject


def test_an_edition_with_a_single_post_has_its_headline_as_subject_and_no_groups() -> None:
    post = parsed('cadences = ["post", "week"]\nminimum_posts = 3\nsend = "mon 09:00"').at("post")
    assert (post.subject, post.group_by, post.minimum_posts) == ("{{ news }}", "none", 1)


def test_the_newsletter_of_a_cadence_is_valid_whatever_the_times_of_the_period() -> None:
    newsletter = parsed('cadences = ["day", "week"]\ndraft = "fri 09:00"\nsend = "fri 10:00"')
    assert newsletter.at("day").draft_moment.weekday is None
    assert newsletter.at("day").at("week") == replace(newsletter, draft=None, send=None, subject=newsletter.subject)


@pytest.mark.parametrize(
    ("keys", "tables", "message"),
    [
        ('cadences = ["day"]', "", 'cadences: add "week", the period, which subscribers get if they choose nothing'),
        ('cadences = ["week", "week"]', "", "cadences: list each one once"),
        (
            'cadences = ["week", "day"]',
            "[newsletters.kinaforum.cadence.month]\n",
            "cadence.month: this table is only for a cadence that is listed in cadences and is not the period",
        ),
        (
            'cadences = ["week", "day"]',
            '[newsletters.kinaforum.cadence.day]\nsend = "fri 07:00"\n',
            "cadence.day.send: with period = \"day\" use a time such as '15:00'",
        ),
        ('cadences = ["hour", "week"]', "", "hour"),
        ('period = "post"', "", "period must be day, week or month"),
        ('period = "post"\ncadences = ["post", "day"]', "", "period must be day, week or month"),
        (
            'cadences = ["week", "post"]',
            '[newsletters.kinaforum.cadence.post]\nsend = "07:00"\n',
            "cadence.post.send: an edition with a single post is made when the post is found; remove this line",
        ),
        (
            'cadences = ["week", "post"]',
            "[newsletters.kinaforum.cadence.post]\nminimum_posts = 2\n",
            "cadence.post.minimum_posts: an edition with a single post is made when the post is found",
        ),
    ],
)
def test_contradictory_settings_are_refused_with_the_remedy(keys: str, tables: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(keys, tables)
    assert message in str(refused.value)


def test_a_cadence_that_is_not_offered_any_more_has_the_settings_of_the_default() -> None:
    newsletter = parsed('cadences = ["day", "week"]')
    assert newsletter.at("month").period == "week"
    assert CadenceSettings() == CadenceSettings(send=None)
