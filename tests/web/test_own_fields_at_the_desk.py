"""Fields of one's own are declared, changed and removed at the desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from newsletter import config
from newsletter.models import Segment
from subscribers.models import AnyOf, fields_in, parse_where
from tests.subscribers.own_fields import declare
from tests.web.settings_site import TEXT, Site, serve

FIELDS = "/desk/subscribers/fields/"
TOWN = f"{FIELDS}town/"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def test_a_field_is_added_by_its_label_and_filled_in(site: Site) -> None:
    said = site.post(FIELDS, label="Shoe size")
    assert "Field added." in said
    assert site.tree["fields"] == {"shoe-size": {"label": "Shoe size"}}
    url = f"{FIELDS}shoe-size/"
    assert "Nothing was changed." in site.post(url)
    rows = {"labels:0:language": "nb", "labels:0:label": "Skostørrelse"}
    assert "Saved." in site.post(url, kind="number", changed_by=["subscriber"], purpose="For the shop", **rows)
    assert site.tree["fields"]["shoe-size"] == {
        "label": "Shoe size",
        "kind": "number",
        "purpose": "For the shop",
        "changed_by": ["subscriber"],
        "labels": {"nb": "Skostørrelse"},
    }
    assert "Nothing was changed." in site.post(url)
    assert "Saved." in site.post(url, changed_by=["subscriber", "editor"])
    assert config.current().fields["shoe-size"].changed_by == ("subscriber", "editor")
    assert "Subscribers, when they sign up" in site.client.get(FIELDS).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "町"}, "Enter a key, because none can be made from this label."),
        ({"label": "Town", "key": "Town!"}, "1 to 40"),
        ({"label": "Town", "key": "name"}, "name"),
        ({"label": "Town", "key": "town"}, "There is already a field with this key."),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_is_written(site: Site, typed: dict[str, str], said: str) -> None:
    site.post(FIELDS, label="Town")
    before = site.file.read_text("utf-8")
    answer = site.client.post(FIELDS, typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed["label"]}"' in answer.text or not typed["label"], "what was typed is kept"
    assert site.file.read_text("utf-8") == before


def test_choices_are_asked_for_beside_their_field(site: Site) -> None:
    site.post(FIELDS, label="Town")
    assert "at least two values to choose from" in site.post(TOWN, kind="choice", choices="Oslo")
    assert "Saved." in site.post(TOWN, kind="choice", choices="Oslo\r\nBergen")
    assert site.tree["fields"]["town"]["choices"] == ["Oslo", "Bergen"]
    assert "Who changes it" in site.post(TOWN, changed_by=[])
    assert "changed_by" not in site.tree["fields"]["town"]


def test_a_field_is_removed_unless_conditions_name_it(site: Site) -> None:
    site.post(FIELDS, label="Town")
    site.post(FIELDS, label="Shop")
    assert "Field removed." in site.client.post(f"{FIELDS}shop/remove/", follow=True).content.decode()
    assert list(site.tree["fields"]) == ["town"]
    segment = Segment.objects.create(newsletter="kinaforum", name="Near", where="tag = vip or has town")
    assert "conditions name this field: Near" in site.client.post(f"{TOWN}remove/", follow=True).content.decode()
    assert "town" in site.tree["fields"]
    segment.delete()
    assert "Field removed." in site.client.post(f"{TOWN}remove/", follow=True).content.decode()
    assert site.file.read_text("utf-8").strip() == TEXT.strip()
    assert site.client.get(TOWN).status_code == 404


def test_where_settings_are_read_only_the_lines_are_shown(site: Site) -> None:
    site.file.write_text(TEXT + '\n[web]\nsettings = "read-only"\n', encoding="utf-8")
    config.refresh()
    answer = site.client.post(FIELDS, {"label": "Town"})
    assert answer.status_code == 409
    assert "[fields.town]" in answer.text
    assert "label = &quot;Town&quot;" in answer.text


@pytest.mark.usefixtures("db")
def test_the_fields_of_a_filter_are_found_wherever_they_stand() -> None:
    declare()
    found = parse_where("(town = Oslo and not has born) or joined after 2026-01-01 or shoe-size above 40")
    assert isinstance(found, AnyOf)
    assert fields_in(found) == {"town", "born", "joined", "shoe-size"}
