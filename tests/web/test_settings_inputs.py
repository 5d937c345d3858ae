"""Durations, dates, templates and the sections of long pages of settings."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import lxml.html
import pytest
from django.test import Client
from django.utils import translation

from newsletter.web.desk.settings import catalogue, delivery_pages, design_page
from newsletter.web.desk.settings.fields import TABLES, Kind, SettingsPage, type_of
from newsletter.web.desk.settings.inputs import suggestions
from newsletter.web.desk.settings.inputs.suggestions import LanguageField
from tests.web.settings_site import DELIVERY, KINAFORUM, TEXT, Site, fields_of, serve

GENERAL, SCHEDULE = f"{KINAFORUM}/general/", f"{KINAFORUM}/schedule/"
COLLECTING, SMTP = "/desk/settings/site/collecting/", "/desk/settings/site/smtp/"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def test_language_and_time_zone_are_found_by_name(site: Site) -> None:
    page = lxml.html.fromstring(site.client.get(GENERAL, headers={"Accept-Language": "nb"}).content)
    (option,) = page.cssselect('[name="language"] + datalist option[value="svensk"]')
    assert option.text == "svensk · Swedish · svenska"
    assert "Saved." in site.post(GENERAL, language="Svenska", timezone="stockholm")
    assert (site.newsletter["language"], site.newsletter["timezone"]) == ("sv", "Europe/Stockholm")
    assert site.form(GENERAL)["language"] == "Swedish"
    assert "Nothing was changed." in site.post(GENERAL)


@pytest.mark.parametrize("page", ["en", "nb"])
def test_the_name_that_is_shown_of_a_language_means_that_language(page: str) -> None:
    with translation.override(page):
        field = LanguageField()
        for tag, name in suggestions._named(page):
            assert field.prepare_value(tag) == name
            assert field.clean(name) == tag


@pytest.mark.parametrize(
    ("url", "key", "number", "unit", "stored"),
    [
        (SCHEDULE, "late", "8", "h", "8h"),
        (SCHEDULE, "late_posts", "1.5", "d", "1.5d"),
        (COLLECTING, "every", "90", "s", "90s"),
        (SMTP, "smtp.timeouts.connect", "0.5", "m", "0.5m"),
        (GENERAL, "ask_again", "24", "month", "24 months"),
        (GENERAL, "ask_again", "1", "year", "1 year"),
    ],
)
def test_a_duration_is_a_number_and_a_unit(site: Site, url: str, key: str, number: str, unit: str, stored: str) -> None:
    blank = {f"{key}_number": "", f"{key}_unit": site.form(url)[f"{key}_unit"]}
    assert "Saved." in site.post(url, **{f"{key}_number": number, f"{key}_unit": unit})
    assert f'"{stored}"' in site.file.read_text(encoding="utf-8")
    shown = site.form(url)
    assert (shown[f"{key}_number"], shown[f"{key}_unit"]) == (number, unit)
    assert "Nothing was changed." in site.post(url)
    assert "Saved." in site.post(url, **blank)
    assert f'"{stored}"' not in site.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "number", "unit"),
    [("90  m", "90", "m"), ("1.50h", "1.50", "h"), (" 48h ", "48", "h"), ("500ms", "500", "ms"), ("120s", "120", "s")],
)
def test_a_duration_by_hand_stays_as_it_was_written(site: Site, written: str, number: str, unit: str) -> None:
    text = TEXT + f'\n[collect]\nevery = "{written}"   # often\ntimeout = "20 s"\n'
    site.file.write_text(text, encoding="utf-8")
    shown = site.form(COLLECTING)
    assert (shown["every_number"], shown["every_unit"]) == (number, unit)
    assert "Nothing was changed." in site.post(COLLECTING)
    assert site.file.read_text(encoding="utf-8") == text
    assert "Saved." in site.post(COLLECTING, timeout_number="30")
    assert site.file.read_text(encoding="utf-8") == text.replace("20 s", "30 s")


@pytest.mark.parametrize(
    ("key", "default", "unit"), [("late", "6", "h"), ("late_posts", "30", "d"), ("keep_deliveries", "0", "d")]
)
def test_a_blank_duration_shows_its_default(site: Site, key: str, default: str, unit: str) -> None:
    url = DELIVERY if key == "keep_deliveries" else SCHEDULE
    page = lxml.html.fromstring(site.client.get(url).content)
    (number,) = page.cssselect(f"[name={key}_number]")
    assert (number.get("value"), number.get("placeholder"), site.form(url)[f"{key}_unit"]) == (None, default, unit)


@pytest.mark.parametrize(
    ("url", "key", "number", "said"),
    [
        (SCHEDULE, "late", "soon", "Enter a number."),
        (SCHEDULE, "late", "-1", "Enter a number."),
        (GENERAL, "ask_again", "2", "write 6 to 120 months"),
    ],
)
def test_a_wrong_duration_is_explained_and_kept(site: Site, url: str, key: str, number: str, said: str) -> None:
    typed = {**site.form(url), f"{key}_number": number}
    page = lxml.html.fromstring(site.client.post(url, typed).content)
    (field,) = page.xpath(f"//*[@id='field-{key}']")
    assert said in field.cssselect(".errorlist")[0].text_content()
    assert dict(fields_of(page))[f"{key}_number"] == number
    assert site.file.read_text(encoding="utf-8") == TEXT


def test_dates_are_added_and_removed_and_keep_their_comments(site: Site) -> None:
    text = TEXT.replace("[2026-12-24]", "[\n    2026-12-24,  # Christmas Eve\n    2026-12-31,  # New Year's Eve\n]")
    site.file.write_text(text, encoding="utf-8")
    assert site.form(SCHEDULE)["skip"] == ["2026-12-24", "2026-12-31", "", "", ""]
    page = lxml.html.fromstring(site.client.get(SCHEDULE).content)
    assert {each.get("type") for each in page.cssselect("[name=skip]")} == {"date"}
    assert "Saved." in site.post(SCHEDULE, skip=["", "2026-12-31", "2027-05-17"])
    days = {"skip": ["2026-12-31", "2027-07-01"], "skip-last": ["2026-12-31", "2027-07-31"]}
    assert "must begin before it ends" in site.post(SCHEDULE, **{**days, "skip-last": ["", "2027-06-30"]})
    assert "Saved." in site.post(SCHEDULE, **days)
    assert site.newsletter["skip"] == [date(2026, 12, 31), "2027-07-01/2027-07-31"]
    assert site.form(SCHEDULE)["skip-last"] == ["", "2027-07-31", "", "", ""]
    site.post(SCHEDULE, **{"skip": ["2026-12-31", "2027-05-17"], "skip-last": ""})
    assert "    2026-12-31,  # New Year's Eve\n    2027-05-17,\n]" in site.file.read_text(encoding="utf-8")
    assert "Christmas" not in site.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "key", "value", "shown"),
    [
        ("schedule", "skip", "2026-12-24", ["2026-12-24", "", "", ""]),
        ("schedule", "skip", '"2026-12-24"', ["2026-12-24", "", "", ""]),
        ("schedule", "skip", "5", ["5", "", "", ""]),
        ("cadences", "cadences", '"week"', "week"),
        ("cadences", "cadences", "5", None),
        ("cadences", "cadences", '[["week"]]', None),
    ],
)
def test_a_value_that_is_no_list_is_shown(site: Site, page: str, key: str, value: str, shown: str) -> None:
    lines = [line for line in TEXT.splitlines(keepends=True) if not line.startswith("skip =")]
    text = "".join(lines).replace('title = "Kinaforum"', f'title = "Kinaforum"\n{key} = {value}')
    site.file.write_text(text, encoding="utf-8")
    url = f"{KINAFORUM}/{page}/"
    form = site.form(url)
    assert form.get(key) == shown
    assert "config.toml has an error; correct it first" in site.post(url)


def test_the_choice_that_is_the_default_is_listed_once_and_leaves_the_key_out(site: Site) -> None:
    def choices() -> list[str]:
        return [
            option.text
            for option in lxml.html.fromstring(site.client.get(GENERAL).content).cssselect('[name="status"] option')
        ]

    assert choices() == ["Active (default)", "Paused", "Archived"]
    assert "Saved." in site.post(GENERAL, status="paused")
    assert "Saved." in site.post(GENERAL, status="")
    assert "status" not in site.newsletter
    site.file.write_text(
        TEXT.replace('title = "Kinaforum"', 'title = "Kinaforum"\nstatus = "active"'), encoding="utf-8"
    )
    assert "Nothing was changed." in site.post(GENERAL)


def test_a_wrong_date_is_explained_and_kept(site: Site) -> None:
    page = lxml.html.fromstring(site.client.post(SCHEDULE, {**site.form(SCHEDULE), "skip": ["24.12."]}).content)
    assert "Enter dates such as 2026-12-24." in page.text_content()
    assert ("skip", "24.12.") in fields_of(page)


@pytest.mark.parametrize("page", catalogue.PAGES, ids=lambda page: str(page.name))
def test_a_page_has_each_field_once(page: Any) -> None:
    keys = [field.key for field in page.fields]
    assert len(keys) == len(set(keys))


def test_a_long_page_begins_with_links_to_its_sections_and_related_pages(site: Site) -> None:
    page = lxml.html.fromstring(site.client.get(DELIVERY).content)
    links = [(each.text_content(), each.get("href")) for each in page.cssselect("nav .jumps a")]
    assert [links[2], links[4]] == [("Fallback", "#fallback"), ("Limits by domain", "#domains")]
    assert ("Bounces", "/desk/settings/site/bounces/") in links
    for _title, href in links:
        assert site.client.get(href).status_code == 200 if href.startswith("/") else page.cssselect(f"section{href}")


def test_fields_with_problems_are_named_above_the_form_with_links(site: Site) -> None:
    typed = {**site.form(DELIVERY), "connections": "many", "domains:0:rate": "fast", "domains:0:connections": "x"}
    page = lxml.html.fromstring(site.client.post(DELIVERY, typed).content)
    (note,) = page.cssselect(".note.error")
    assert note.get("autofocus") is not None
    links = [(each.text_content(), each.get("href")) for each in note.cssselect("a")]
    assert links == [("Connections", "#field-connections"), ("Limits for individual domains", "#field-domains")]
    assert all(page.get_element_by_id(href.removeprefix("#")) is not None for _label, href in links)


WRONG_TEXTS = [
    ("content", "subject", "{% for %}", "subject"),
    ("content", "subject", "{{ nope }}", "nope"),
    ("design", "template", "nothing-there", "nothing-there"),
]


@pytest.mark.parametrize(("section", "key", "value", "said"), WRONG_TEXTS)
def test_a_template_that_does_not_work_is_not_saved(site: Site, section: str, key: str, value: str, said: str) -> None:
    before = site.file.read_text()
    answer = site.post(f"{KINAFORUM}/{section}/", **{key: value})
    assert said in answer
    assert "Saved." not in answer
    assert site.file.read_text() == before


def test_a_subject_of_a_cadence_that_does_not_work_is_not_saved(site: Site) -> None:
    answer = site.post(f"{KINAFORUM}/cadences/", cadences=["day", "week"], **{"cadence.day.subject": "{% for %}"})
    assert "Saved." not in answer
    assert "cadences" not in site.newsletter


def test_a_page_from_before_a_setting_existed_leaves_it(site: Site) -> None:
    design = f"{KINAFORUM}/design/"
    assert "Saved." in site.post(design, **{"theme.accent": "#b3261e"})
    before = site.newsletter["theme"]
    old = {key: value for key, value in site.form(design).items() if not key.endswith(":theme.dates")}
    del old["theme.dates"]
    answer = site.client.post(design, {**old, "theme.accent": "red red"})
    assert "Open this page again to change this setting." in answer.content.decode()
    again = dict(fields_of(lxml.html.fromstring(answer.content)))
    site.client.post(design, {**again, "theme.accent": "#112233"})
    assert site.newsletter["theme"] == {**before, "accent": "#112233"}


@pytest.mark.parametrize(
    ("page", "key", "kind", "required"),
    [
        (catalogue.GENERAL, "title", Kind.TEXT, True),
        (catalogue.GENERAL, "editors", Kind.LINES, False),
        (catalogue.GENERAL, "timezone", Kind.TIME_ZONE, False),
        (catalogue.SENDER, "from", Kind.TEXT, True),
        (catalogue.SENDER, "address", Kind.LONG_TEXT, True),
        (catalogue.CONTENT, "maximum_size", Kind.TEXT, False),
        (catalogue.CADENCES, "cadence.day.send", Kind.MOMENT, False),
        (delivery_pages.DELIVERY, "guard.bounces", Kind.DECIMAL, False),
        (delivery_pages.DELIVERY, "file.format", Kind.CHOICE, False),
        (design_page.DESIGN, "theme.meta", Kind.CHOICES, False),
    ],
)
def test_how_a_value_is_typed_in_follows_from_its_type(
    page: SettingsPage, key: str, kind: Kind, required: bool
) -> None:
    [field] = [field for field in page.fields if field.key == key]
    assert (field.kind, field.required) == (kind, required)


def test_choices_are_those_of_the_type() -> None:
    unknown = [
        (field.key, value)
        for page in catalogue.PAGES
        for field in page.fields
        if get_origin(hint := type_of(TABLES[page.table], field.path)) is Literal
        for value, _label in field.choices
        if value not in get_args(hint)
    ]
    assert unknown == []
