"""The archive as a static site: every page, feed and image, and links that lead to files of it."""

import io
import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.test import Client
from lxml import html as lxml_html
from PIL import Image as PillowImage

from newsletter import config
from newsletter.editions.imported.archive_import import import_archive, undo_import
from newsletter.models import ArchiveImport
from newsletter.sandbox import Sandbox
from newsletter.web.archive import static_site, views
from subscribers import admin_actions
from subscribers.models import Subscription
from tests.factories import NAME, NOW, configured, kinaforum

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the files of a site with three editions on two pages, of which one has a picture."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    monkeypatch.setattr(views, "A_PAGE", 2)
    monkeypatch.setattr(static_site, "A_PAGE", 2)
    configured()
    folder = tmp_path / "old"
    folder.mkdir()
    PillowImage.new("RGB", (40, 30), "red").save(folder / "loaf.png")
    for day in (1, 2, 3):
        picture = "![A loaf](loaf.png)" if day == 2 else ""
        (folder / f"2019-05-0{day}-issue.md").write_text(f"# Issue {day}\n\nWords. {picture}\n")
    import_archive(config.current(), kinaforum(), folder, now=NOW)
    target = io.BytesIO()
    static_site.write_zip(target, static_site.files_of(config.current(), kinaforum()))
    with ZipFile(target) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_every_link_of_the_site_leads_to_a_file_of_it(site: dict[str, str]) -> None:
    pages = {name: text for name, text in site.items() if name.endswith(".html")}
    assert len(pages) == 5
    links = {link for text in pages.values() for link in re.findall(r'(?:href|src)="(/[^"]*)"', text)}
    missing = {link for link in links if f"{link[1:]}{'index.html' if link.endswith('/') else ''}" not in site}
    assert missing == set()
    assert any(link.startswith("/images/") for link in links)
    assert f"/n/{NAME}/page/2/" in links


def test_nothing_in_it_needs_the_program(site: dict[str, str]) -> None:
    text = "".join(site.values())
    for part in ("<form", "/subscribe", "?page=", "?lang=", "/desk/"):
        assert part not in text, part
    assert site[f"n/{NAME}/feed.atom"].count("<entry>") == 3


def test_a_folder_is_written(site: dict[str, str], tmp_path: Path) -> None:
    count = static_site.write_folder(tmp_path / "site", static_site.files_of(config.current(), kinaforum()))
    assert count == len(site)
    assert (tmp_path / "site" / "n" / NAME / "index.html").is_file()


def test_another_site_gets_the_same_issues_from_it(site: dict[str, str], client: Client, tmp_path: Path) -> None:
    pages = [f"/n/{NAME}/issue-2019-05-0{day}/" for day in (1, 2, 3)]
    before = [_content(client.get(page).text) for page in pages]
    for record in ArchiveImport.objects.all():
        undo_import(config.current(), record, now=NOW, by="")  # now this is another site
    assert client.get(pages[0]).status_code == 404
    with ZipFile(tmp_path / "site.zip", "w") as archive:
        for name, text in site.items():
            if name.endswith((".html", ".atom", ".json")):
                archive.writestr(name, text)
    assert import_archive(config.current(), kinaforum(), tmp_path / "site.zip", now=NOW).added == 3
    assert [_content(client.get(page).text) for page in pages] == before


def _content(page: str) -> tuple[str, str]:
    """Return the title of an edition's page, and its words."""
    tree = lxml_html.fromstring(page)
    words = tree.xpath("//div[@class='issue']")[0].text_content().split()
    return tree.findtext(".//title"), " ".join(words)


def test_the_desk_makes_it_in_the_background(site: dict[str, str], admin: Client) -> None:
    page = admin.post(f"/desk/export/{NAME}/archive/", follow=True).text
    link = re.findall(r'href="(/desk/export/archive/\d+/)"', page)[0]
    response = admin.get(link)
    with ZipFile(io.BytesIO(b"".join(response))) as archive:
        assert set(archive.namelist()) == set(site)
    for file in config.current().path(".imports").glob("archive-*"):
        file.unlink()
    assert admin.get(link).status_code == 404


def test_the_desk_exports_subscribers_for_a_tool_and_those_who_must_not_get_it(admin: Client) -> None:
    for name in ("here", "left"):
        admin_actions.add(f"{name}@reader.example", NAME, consent="in person")
    Subscription.objects.filter(subscriber__key="left@reader.example").update(state=Subscription.State.UNSUBSCRIBED)
    export = f"/desk/subscribers/export/?newsletter={NAME}"
    for_ghost = b"".join(admin.get(f"{export}&tool=ghost")).decode()
    assert "here@reader.example" in for_ghost
    assert "left@" not in for_ghost
    assert for_ghost.startswith('"email","name","subscribed_to_emails"')
    blocked = b"".join(admin.get(f"{export}&suppressions=1")).decode()
    assert "left@reader.example" in blocked
    assert "here@" not in blocked
    assert admin.get(f"{export}&tool=other").status_code == 404
    assert "/desk/export/kinaforum/archive/" in admin.get("/desk/export/").text
