"""Sources of a newsletter, added, changed and removed at the desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from newsletter import config
from tests.web.settings_site import Site, serve


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def test_a_missing_file_is_told(site: Site) -> None:
    site.file.unlink()
    answer = site.client.post("/desk/sources/kinaforum/1/remove/", {"url": "http://127.0.0.1:9/"}, follow=True)
    assert "no such file" in answer.content.decode()


def test_a_source_is_added_changed_and_removed(site: Site) -> None:
    site.client.post("/desk/sources/kinaforum/add/", {"url": "http://127.0.0.1:9/third"})
    assert site.newsletter["sources"][2] == {"url": "http://127.0.0.1:9/third"}
    site.post("/desk/sources/kinaforum/3/", name="Third", **{"exclude.words": "advert\nsponsor"})
    assert site.newsletter["sources"][2] == {
        "url": "http://127.0.0.1:9/third",
        "name": "Third",
        "exclude": {"words": ["advert", "sponsor"]},
    }
    site.client.post("/desk/sources/kinaforum/1/remove/", {"url": "http://127.0.0.1:9/"})
    assert [s["url"] for s in site.newsletter["sources"]] == ["http://127.0.0.1:9/second", "http://127.0.0.1:9/third"]


def test_another_source_in_the_same_place_is_not_removed(site: Site) -> None:
    site.client.post("/desk/sources/kinaforum/1/remove/", {"url": "http://127.0.0.1:9/other"})
    assert len(site.newsletter["sources"]) == 2


def test_a_newsletter_without_its_last_source_has_letters_only(site: Site) -> None:
    for number, url in ((2, "http://127.0.0.1:9/second"), (1, "http://127.0.0.1:9/")):
        site.client.post(f"/desk/sources/kinaforum/{number}/remove/", {"url": url})
    assert not site.newsletter.get("sources")
    assert not config.current().newsletters["kinaforum"].has_schedule
