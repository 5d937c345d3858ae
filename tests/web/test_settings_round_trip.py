"""Random edits of config.toml through the forms and by hand, one after another."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings, strategies as st

from newsletter import config
from newsletter.config.document import KeyPath, edit, value_at
from newsletter.web.desk.conditions.condition_field import rows_of
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage, as_text, defaults_of
from newsletter.web.desk.settings.forms import SettingsForm
from newsletter.web.desk.settings.inputs.times import MomentWidget, split

pytestmark = pytest.mark.django_db
TEXT = '''\
# Our site; ask Kari's team before a change
[site]
url = "https://brev.example.org"      # behind nginx

[newsletters.brev]   # the first one
title = 'Brev'
from = "Brev <brev@example.org>"
address = """Postboks 1,
[not a table]
0001 Oslo"""
skip = [
    2026-12-24,  # Christmas
    2026-12-31,
]
# body = "excerpt"                    # full, excerpt or title
theme = { accent = "#b3261e" }        # red

[[newsletters.brev.sources]]
url = "https://one.example/"          # ours

[[newsletters.brev.sources]]
url = "https://two.example/"

[delivery]
provider = "file"
rate = "10/s"
smtp = { host = "smtp.example.org", port = 587, password = { env = "SMTP_PASSWORD" } }

[delivery.domains]
"gmail.com" = { connections = 2 }     # they are strict

[bounces]

[fields.town]
label = "Town"                        # of residence
'''
ENVIRONMENT = {"SMTP_PASSWORD": "from outside"}
OWN_LINES = ("# Our site; ask Kari's team before a change", "[newsletters.brev]   # the first one")
OWN_COMMENTS = ("# behind nginx", "# ours")
TABLES: dict[str, KeyPath] = {
    "newsletters.NAME": ("newsletters", "brev"),
    "newsletters.NAME.sources[]": ("newsletters", "brev", "sources", 1),
    "fields.KEY": ("fields", "town"),
}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
TYPED: dict[Kind, st.SearchStrategy[str]] = {
    Kind.NUMBER: st.integers(0, 400).map(str),
    Kind.DECIMAL: st.sampled_from(["1.5", "2", "1"]),
    Kind.CHECKBOX: st.sampled_from(["", "on"]),
    Kind.LINES: st.lists(WORDS, max_size=3).map("\n".join),
    Kind.DATES: st.lists(st.dates().map(str), max_size=3).map("\n".join),
    Kind.DURATION: st.sampled_from(["", "30m", "1.5h", "2d", "90s", "3w", "0d"]),
    Kind.MONTHS: st.sampled_from(["", "24 months", "1 year", "2 years"]),
    Kind.MOMENT: st.sampled_from(["", "15:00", "fri 9:30", "28 00:00", "sun 23:59"]),
}
NAMES = st.sampled_from(["gmail.com", "a.example", "film", "books"])
CELLS: dict[str, st.SearchStrategy[str]] = {
    "domain": NAMES,
    "name": NAMES,
    "label": NAMES,
    "connections": st.sampled_from(["", "1", "20"]),
    "rate": st.sampled_from(["", "20/s", "5/m"]),
    "colour": st.sampled_from(["", "#1d4f73"]),
    "address": st.sampled_from(["https://shop.example", "https://m.example/@us"]),
    "sources": st.sampled_from(["", "https://two.example/"]),
}
"""What is typed into the columns of rows; into others, words."""


@dataclass(frozen=True)
class FormEdit:
    """A value that is typed into a field of a page, or the cells of rows."""

    page: SettingsPage
    field: SettingField
    typed: str | list[dict[str, str]]

    @property
    def table(self) -> KeyPath:
        return TABLES.get(self.page.table, tuple(self.page.table.split(".")))


@st.composite
def form_edits(draw: st.DrawFn) -> FormEdit:
    page = draw(st.sampled_from(catalogue.PAGES))
    field = draw(st.sampled_from(page.fields))
    if field.rows:
        cells = {column.key: CELLS.get(column.key, WORDS) for column in field.rows.columns}
        return FormEdit(page, field, draw(st.lists(st.fixed_dictionaries(cells), max_size=3)))
    typed = st.sampled_from(["", *(value for value, _ in field.choices)]) if field.kind is Kind.CHOICE else WORDS
    return FormEdit(page, field, draw(TYPED.get(field.kind, typed)))


def by_hand(act: Callable[[list[str], int], None], place: int) -> Callable[[str], str]:
    """Change a line in the way of a person with a text editor, if the file stays valid TOML that means the same."""

    def changed(text: str) -> str:
        lines = text.splitlines()
        act(lines, place % len(lines))
        after = "\n".join(lines) + "\n"
        try:
            return after if tomllib.loads(after) == tomllib.loads(text) else text
        except tomllib.TOMLDecodeError:
            return text

    return changed


def comment(lines: list[str], place: int) -> None:
    """A note on a line of its own; inside a list it would go with the list's last item."""
    if not lines[place].startswith((" ", "]")):
        lines.insert(place, "# a note by hand")


def blank(lines: list[str], place: int) -> None:
    lines.insert(place, "")


def wider(lines: list[str], place: int) -> None:
    lines[place] = lines[place].replace(" = ", "   =  ", 1)


HAND_EDITS = st.builds(by_hand, st.sampled_from([comment, blank, wider]), st.integers(0, 60))


def form_for(text: str, change: FormEdit, data: QueryDict | None = None) -> SettingsForm:
    tree = tomllib.loads(text)
    return SettingsForm(change.page, change.table, tree, defaults_of(change.page), ENVIRONMENT, data)


def as_sent(form: SettingsForm) -> QueryDict:
    """What a browser sends of a form in which nothing was changed."""
    data = QueryDict(mutable=True)
    for name, field in form.fields.items():
        if not field.initial or field.disabled:
            continue
        setting = next((each for each in form.page.fields if each.key == name), None)
        data.update(parts(setting, field.initial) if setting else {name: str(field.initial)})
    return data


def parts(field: SettingField, value: Any) -> QueryDict:
    """The inputs of a field that has a value."""
    data = QueryDict(mutable=True)
    if field.kind is Kind.MOMENT:
        data[f"{field.key}_day"], data[f"{field.key}_time"] = MomentWidget(field.cadences, optional=True).decompress(
            value
        )
    elif field.kind in (Kind.DURATION, Kind.MONTHS):
        data[f"{field.key}_number"], _space, data[f"{field.key}_unit"] = split(value)
    elif field.kind in (Kind.DATES, Kind.CHOICES):
        data.setlist(field.key, value.split("\n") if isinstance(value, str) else value)
    elif field.kind is Kind.CONDITIONS:
        rows = rows_of(str(value))
        for number, row in enumerate(rows.rows if rows else ()):
            data[f"{field.key}:{number}:kind"] = row.kind
            data.setlist(f"{field.key}:{number}:{row.field}", list(row.values))
        if rows is None:
            data[f"{field.key}:kept"] = str(value)
    elif field.rows:
        for number, row in enumerate(value):
            for key, cell in row.items():
                data.setlist(f"{field.key}:{number}:{key}", cell if isinstance(cell, list) else [cell])
    else:
        data[field.key] = "on" if value is True else str(value)
    return data


def through_the_form(text: str, change: FormEdit) -> str:
    """Open the page, type one value, and save; a refused value changes nothing."""
    shown = form_for(text, change)
    data = as_sent(shown)
    inputs = (change.field.key, f"{change.field.key}_number", f"{change.field.key}_unit")
    for name in [name for name in data if name in inputs or name.startswith(f"{change.field.key}:")]:
        del data[name]
    if change.typed:
        data.update(parts(change.field, change.typed))
    form = form_for(text, change, data)
    if not form.is_valid():
        return text
    after = edit(text, form.requested().changes)
    try:
        config.parse(after, environ=ENVIRONMENT)
    except config.ConfigError:
        return text
    assert_saved(text, after, change, form)
    return after


def assert_saved(before: str, after: str, change: FormEdit, form: SettingsForm) -> None:
    """The value is as it was typed, and everything else means what it did."""
    path = (*change.table, *change.field.path)
    stored, wanted = value_at(tomllib.loads(after), path), form.cleaned_data[change.field.key]
    if form.locked[change.field.key]:
        assert stored == value_at(tomllib.loads(before), path)
    elif change.field.kind is not Kind.SECRET:
        if not wanted and not any(each.path == path for each in form.requested().changes):
            assert stored == value_at(tomllib.loads(before), path), "blank means the value that is used already"
        else:
            assert as_text(change.field.kind, stored or None) == as_text(change.field.kind, wanted or None)
    if change.field.rows and isinstance(change.typed, list) and not form.locked[change.field.key]:
        assert [row[change.field.rows.columns[0].key] for row in change.typed] == names_of(stored)
    changed = {tuple(each.path) for each in form.requested().changes}
    assert changed <= {path}


def names_of(stored: Any) -> list[str]:
    """The names of rows that were stored."""
    return [each["name"] for each in stored] if isinstance(stored, list) else list(stored or ())


@pytest.mark.parametrize("page", catalogue.PAGES, ids=lambda page: str(page.name))
def test_each_page_is_as_it_was_when_it_is_saved_unchanged(page: SettingsPage) -> None:
    change = FormEdit(page, page.fields[0], "")
    shown = form_for(TEXT, change)
    form = form_for(TEXT, change, as_sent(shown))
    assert form.is_valid(), form.errors
    assert edit(TEXT, form.requested().changes) == TEXT


@settings(max_examples=40)
@given(st.lists(st.one_of(form_edits(), HAND_EDITS), max_size=12))
def test_edits_by_form_and_by_hand_leave_the_rest_alone(edits: list[FormEdit | Callable[[str], str]]) -> None:
    text, notes = TEXT, 0
    for change in edits:
        before = text
        text = through_the_form(text, change) if isinstance(change, FormEdit) else change(text)
        notes = before.count("# a note by hand") if isinstance(change, FormEdit) else text.count("# a note by hand")
        assert text.count("# a note by hand") == notes
        assert config.parse(text, environ=ENVIRONMENT)
    lines = text.splitlines()
    assert [line for line in lines if line in OWN_LINES] == list(OWN_LINES)
    assert all(word in text for word in OWN_COMMENTS)
