"""Changing config.toml at the desk."""

import runpy
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from django.test import Client
from django.utils import translation

from newsletter import config
from newsletter.config.load import PREVIOUS
from newsletter.models import Act, Edition, State
from newsletter.web.desk.edition.texts import mark
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.delivery_pages import API_NAMES
from tests.test_documents import keys
from tests.web import make
from tests.web.field_errors import said_at
from tests.web.settings_site import DELIVERY, EDITABLE_KEYS, KINAFORUM, TEXT, Site, fields_of, serve

PARTS_OF_TABLES = (
    "delivery.file",
    "delivery.dkim.",
    *(f"delivery.{name}" for name in API_NAMES),
    "newsletters.NAME.theme.sections",
    "newsletters.NAME.topics.",
    "fields",
)
"""Keys inside tables that docs/configuration.md describes as a whole, or that belong to a provider."""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def test_every_key_is_edited_on_a_page_or_has_a_reason_why_not() -> None:
    every = {key for key in keys(config.Config) if not key.startswith(PARTS_OF_TABLES)}
    editable = {key for key in EDITABLE_KEYS if not key.startswith(PARTS_OF_TABLES)}
    assert sorted(every) == sorted(editable | catalogue.LOCKED.keys())
    assert not editable & catalogue.LOCKED.keys()
    assert {f"fields.KEY.{field.name}" for field in fields(config.OwnField)} <= EDITABLE_KEYS


def test_the_document_says_where_each_key_is_edited() -> None:
    with translation.override("en"):
        made = runpy.run_path(str(ROOT / "docs" / "settings.py"))["document"]()
    written = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert made == written, "run python -m docs.settings"
    missing = [key for key in keys(config.Config) if f"| `{key}` |" not in written]
    assert [key for key in missing if not key.startswith(PARTS_OF_TABLES)] == []


PAGES = [
    *(f"{KINAFORUM}/{page.name}/" for page in catalogue.NEWSLETTER_PAGES),
    *(f"/desk/settings/site/{page.name}/" for page in catalogue.SITE_PAGES),
    "/desk/sources/kinaforum/1/",
]


def test_subscribers_get_the_choice_and_a_cadence_its_own_settings(site: Site) -> None:
    url = f"{KINAFORUM}/cadences/"
    at_seven = {"cadence.day.send_day": "day", "cadence.day.send_time": "07:00"}
    said = site.post(url, cadences=["day", "week"], **at_seven, **{"cadence.day.body": "title"})
    assert "Saved." in said
    assert site.newsletter["cadences"] == ["day", "week"]
    assert site.newsletter["cadence"] == {"day": {"send": "07:00", "body": "title"}}
    found = config.load(site.file, {}).newsletters["kinaforum"]
    assert (found.offered, found.at("day").body, found.body) == (("week", "day"), "title", "excerpt")
    assert "Saved." in site.post(url, **dict.fromkeys([*at_seven, "cadence.day.body"], ""))


FREQUENCIES = [
    ("cadences", {"cadences": ["day"]},
     "Tick “Weekly” too: subscribers who don’t choose get the newsletter that often."),
    ("cadences", {"cadence.day.body": "full"}, "Tick “Daily”, or clear its settings below."),
    ("cadences", {"cadences": ["week"], "cadence.week.body": "full"},
     "Clear the settings of “Weekly” below, because the newsletter’s other pages have them."),
    ("schedule", {"period": "month"}, "Subscribers can’t choose “Monthly” yet. Tick it on the page “How often” first."),
    ("schedule", {"period": "day"}, "“Daily” has settings on the page “How often”. Clear them there first."),
]  # fmt: skip


@pytest.mark.parametrize(("section", "typed", "said"), FREQUENCIES)
def test_a_contradiction_of_frequencies_is_told_in_the_words_of_the_form(
    site: Site, section: str, typed: dict[str, Any], said: str
) -> None:
    if section == "schedule":
        both = {"cadences": ["day", "week"], "cadence.day.body": "title"}
        assert "Saved." in site.post(f"{KINAFORUM}/cadences/", **both)
    url, before = f"{KINAFORUM}/{section}/", site.file.read_text(encoding="utf-8")
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), **typed}).content)
    (told,) = page.cssselect(".errorlist")
    assert told.text_content() == said
    assert site.file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("url", PAGES)
def test_saving_a_page_unchanged_changes_nothing(site: Site, url: str) -> None:
    assert "Nothing was changed." in site.post(url)
    assert site.file.read_text(encoding="utf-8") == TEXT


def test_a_blank_size_shows_its_default_with_a_unit(site: Site) -> None:
    assert 'placeholder="100 KB"' in site.client.get(f"{KINAFORUM}/content/").content.decode()


@pytest.mark.parametrize(
    ("url", "above", "title"),
    [
        (f"{KINAFORUM}/content/", "/desk/settings/", "Settings"),
        ("/desk/sources/kinaforum/1/", "/desk/sources/", "Sources"),
    ],
)
def test_a_page_names_the_page_above_it(site: Site, url: str, above: str, title: str) -> None:
    document = lxml.html.fromstring(site.client.get(url).content)
    (link,), (tab,) = document.cssselect(".crumb a"), document.cssselect("#menu [aria-current=page]")
    assert (link.get("href"), link.text_content(), tab.text_content()) == (above, title, title)


@pytest.mark.parametrize("url", ["/desk/settings/site/nothing/", f"{KINAFORUM}/nothing/", "/desk/sources/kinaforum/3/"])
def test_a_page_that_does_not_exist_is_not_found(site: Site, url: str) -> None:
    assert site.client.get(url).status_code == 404


def test_a_saved_change_takes_effect_and_keeps_the_comments(site: Site) -> None:
    assert "Saved." in site.post(f"{KINAFORUM}/general/", title="Kina i dag")
    assert site.file.read_text(encoding="utf-8") == TEXT.replace('"Kinaforum"   #', '"Kina i dag"  #')
    assert config.current().newsletters["kinaforum"].title == "Kina i dag"
    assert site.file.with_name(site.file.name + PREVIOUS).read_text(encoding="utf-8") == TEXT


def test_a_default_is_uncommented_and_removed_again(site: Site) -> None:
    site.post(f"{KINAFORUM}/content/", body="full")
    assert 'body = "full"' in site.file.read_text(encoding="utf-8")
    site.post(f"{KINAFORUM}/content/", body="")
    assert "body" not in site.newsletter


@pytest.mark.parametrize(
    ("section", "key", "typed", "stored"),
    [
        ("general", "editors", "a@example.org\r\nb@example.org", ["a@example.org", "b@example.org"]),
        ("general", "welcome", "on", True),
        ("schedule", "skip", ["2026-12-24", "2026-12-31"], [date(2026, 12, 24), date(2026, 12, 31)]),
        ("schedule", "skip", "", None),
        ("content", "maximum_posts", "12", 12),
        ("content", "maximum_size", "90 KB", "90 KB"),
    ],
)
def test_values_are_stored_with_their_types(site: Site, section: str, key: str, typed: Any, stored: object) -> None:
    assert "Saved." in site.post(f"{KINAFORUM}/{section}/", **{key: typed})
    assert site.newsletter.get(key) == stored


@pytest.mark.parametrize(
    ("period", "day", "at", "stored"),
    [("", "fri", "09:30", "fri 09:30"), ("day", "day", "7.05", "07:05"), ("month", "28", "23:00", "28 23:00")],
)
def test_a_time_is_chosen_as_a_day_and_a_time(site: Site, period: str, day: str, at: str, stored: str) -> None:
    url = f"{KINAFORUM}/schedule/"
    assert "Saved." in site.post(url, period=period, send_day=day, send_time=at)
    assert site.newsletter["send"] == stored
    assert (site.form(url)["send_day"], site.form(url)["send_time"]) == (day, stored[-5:])
    assert "Nothing was changed." in site.post(url)
    assert "Saved." in site.post(url, period="", send_day="", send_time="")
    assert "send" not in site.newsletter


def test_a_time_by_hand_stays_as_it_was_written(site: Site) -> None:
    text = TEXT.replace("skip =", 'send = "Friday 9:00"   # after the meeting\nskip =')
    site.file.write_text(text, encoding="utf-8")
    url = f"{KINAFORUM}/schedule/"
    assert (site.form(url)["send_day"], site.form(url)["send_time"]) == ("fri", "09:00")
    assert "Nothing was changed." in site.post(url)
    assert site.file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("day", "at", "said"), [
    ("fri", "", "Enter a time such as 15:00."), ("fri", "25:00", "Enter a time such as 15:00."),
    ("", "15:00", "Choose a day, or clear the time."), ("day", "15:00", 'with period = "week" use a time such as'),
])  # fmt: skip
def test_an_incomplete_time_is_explained_and_kept(site: Site, day: str, at: str, said: str) -> None:
    url = f"{KINAFORUM}/schedule/"
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), "draft_day": day, "draft_time": at}).content)
    assert said in page.cssselect("fieldset .errorlist")[0].text_content()
    assert (dict(fields_of(page))["draft_day"], dict(fields_of(page))["draft_time"]) == (day, at)


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("design", "magazine", "magazine"),
        ("share", ["email", "facebook"], ["email", "facebook"]),
        ("meta", ["author"], ["author"]),
    ],
)  # fmt: skip
def test_the_theme_is_stored_and_shown_again(site: Site, key: str, typed: Any, stored: object) -> None:
    url = f"{KINAFORUM}/design/"
    assert b"Saved." in site.client.post(url, {**site.form(url), f"theme.{key}": typed}, follow=True).content
    assert site.newsletter["theme"] == {key: stored}
    assert "Nothing was changed." in site.post(url)
    site.client.post(url, {**site.form(url), f"theme.{key}": [] if isinstance(typed, list) else ""})
    assert key not in site.newsletter.get("theme", {})


def test_a_box_whose_default_is_on_is_checked_and_can_be_turned_off(site: Site) -> None:
    url = f"{KINAFORUM}/design/"
    shown = site.form(url)
    assert shown["theme.dates"] == "on"
    assert "Nothing was changed." in site.post(url)
    without = {key: value for key, value in shown.items() if key != "theme.dates"}
    assert b"Saved." in site.client.post(url, without, follow=True).content
    assert site.newsletter["theme"] == {"dates": False}
    assert "theme.dates" not in site.form(url)
    site.client.post(url, {**site.form(url), "theme.dates": "on"})
    assert site.newsletter["theme"] == {"dates": True}


def test_a_design_is_chosen_on_the_page_of_designs(site: Site) -> None:
    page = f"{KINAFORUM}/designs/"
    assert b"has a new design." in site.client.post(f"{page}use/", {"design": "brief"}, follow=True).content
    assert b"is not one of" in site.client.post(f"{page}use/", {"design": "baroque"}, follow=True).content
    assert site.newsletter["theme"] == {"design": "brief"}


def test_the_order_of_chosen_parts_is_kept(site: Site) -> None:
    site.file.write_text(TEXT.replace("skip =", 'theme = { meta = ["author", "source"] }\nskip ='), encoding="utf-8")
    assert "Nothing was changed." in site.post(f"{KINAFORUM}/design/")


@pytest.mark.parametrize(
    ("section", "key", "typed", "said"),
    [
        ("general", "timezone", "Europe/Olso", "did you mean 'Europe/Oslo'?"),
        ("general", "title", "", "This field is required."),
        ("content", "maximum_posts", "many", "Enter a number."),
    ],
)
def test_a_wrong_value_is_refused_and_kept_in_its_field(
    site: Site, section: str, key: str, typed: str, said: str
) -> None:
    url = f"{KINAFORUM}/{section}/"
    answer = site.client.post(url, {**site.form(url), key: typed})
    page = lxml.html.fromstring(answer.content)
    assert said in " ".join(page.text_content().split())
    assert dict(fields_of(page)).get(key, "").strip("\n") == typed
    assert site.file.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize(
    ("url", "key", "typed", "said"),
    [
        (f"{KINAFORUM}/general/", "editors", "a@example.org\nnobody", "'nobody' is not an email address"),
        (f"{KINAFORUM}/general/", "form_origins", "https://a.example\nb", "'b' is not a web address"),
        (DELIVERY, "retry_delays", "1m\nsoon", "'soon' is not a duration"),
    ],
)
def test_a_wrong_line_is_refused_beside_its_field(site: Site, url: str, key: str, typed: str, said: str) -> None:
    page = site.client.post(url, {**site.form(url), key: typed}).content
    assert said in said_at(page, f"id_{key}")
    assert dict(fields_of(lxml.html.fromstring(page)))[key].strip("\n") == typed


def test_two_people_who_change_different_fields_both_succeed(site: Site) -> None:
    url = f"{KINAFORUM}/general/"
    one, other = site.form(url), site.form(url)
    site.client.post(url, {**one, "title": "Kina"})
    site.client.post(url, {**other, "description": "News"})
    assert (site.newsletter["title"], site.newsletter["description"]) == ("Kina", "News")


def test_two_people_who_change_one_field_are_told_and_may_overwrite(site: Site) -> None:
    url = f"{KINAFORUM}/general/"
    mine = {**site.form(url), "title": "Mine"}
    site.file.write_text(TEXT.replace('"Kinaforum"', '"By hand"'), encoding="utf-8")
    answer = site.client.post(url, mine)
    page = lxml.html.fromstring(answer.content)
    assert "Changed by someone else meanwhile: newsletters.kinaforum.title." in page.text_content()
    assert site.newsletter["title"] == "By hand"
    assert dict(fields_of(page))["title"] == "Mine"
    site.client.post(url, dict(fields_of(page)))
    assert site.newsletter["title"] == "Mine"


def test_read_only_settings_show_what_to_change(site: Site) -> None:
    read_only = TEXT + '\n[web]\nsettings = "read-only"\n'
    site.file.write_text(read_only, encoding="utf-8")
    config.use(config.load(site.file, {}))
    told = site.post(f"{KINAFORUM}/general/", title="Kina")
    assert "Settings can only be read here." in told
    assert '+title = "Kina" # as on the site' in told
    assert site.file.read_text(encoding="utf-8") == read_only


def test_a_broken_file_is_told_and_nothing_is_saved(site: Site) -> None:
    site.file.write_text(TEXT + "nonsense", encoding="utf-8")
    assert "config.toml has an error; correct it first" in site.post(f"{KINAFORUM}/general/", title="Kina")
    assert site.file.read_text(encoding="utf-8") == TEXT + "nonsense"


def test_an_approved_edition_that_keeps_the_earlier_settings_is_named(site: Site) -> None:
    Edition.objects.filter(pk=make.draft("First").pk).update(state=State.APPROVED, subject="Week 6")
    told = "Already approved, with the earlier settings: “Week 6”."
    assert told in site.post(f"{KINAFORUM}/content/", body="full")
    assert told not in site.post(f"{KINAFORUM}/general/", description="News")


def test_changes_are_in_the_audit_log(site: Site) -> None:
    site.post(f"{KINAFORUM}/general/", title="Kina i dag")
    act = Act.objects.get(what__code="act.settings-changed")
    assert (act.about, act.before, act.after) == ("newsletters.kinaforum.title", "Kinaforum", "Kina i dag")


def test_editors_cannot_change_settings(site: Site, editor: Client) -> None:
    assert editor.get(DELIVERY).status_code == 403
    assert editor.post("/desk/sources/kinaforum/add/", {"url": "https://blog.example/"}).status_code == 403


def test_a_draft_that_is_open_is_saved_after_settings_changed(site: Site) -> None:
    edition = make.draft("First")
    site.post(f"{KINAFORUM}/content/", body="full")
    site.file.write_text(site.file.read_text(encoding="utf-8") + "\n# by hand\n", encoding="utf-8")
    words = f"/desk/editions/kinaforum/{make.PERIOD}/words/"
    shown = {"shown-greeting": mark(""), "revision": str(edition.revision)}
    answer = site.client.post(words, {"greeting": "Hello", **shown})
    assert answer.status_code == 200
    edition.refresh_from_db()
    assert edition.greeting == "Hello"
    assert config.current().newsletters["kinaforum"].body == "full"


def test_an_invalid_value_is_explained_in_the_language_of_the_page(site: Site) -> None:
    url = f"{KINAFORUM}/general/"
    values = {**site.form(url), "timezone": "Europe/Olso"}
    page = site.client.post(url, values, headers={"Accept-Language": "nb"}).content
    told = " ".join(lxml.html.fromstring(page).text_content().split())
    assert "'Europe/Olso' er ikke en tidssone; mente du 'Europe/Oslo'?" in told
