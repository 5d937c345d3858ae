"""What is wrong is told in one sentence that names it, with the right exit status, and nothing else is harmed."""

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
EDITION = "kinaforum/2026-W06"
CONFIG = with_kinaforum("""
{keys}
{sources}
[collect]
allow_private_addresses = true
timeout = "5s"
[delivery]
provider = "file"
""")


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    posts = [Entry("a", datetime(2026, 2, 4, 12, tzinfo=OSLO)), Entry("b", datetime(2026, 2, 5, 12, tzinfo=OSLO))]
    with BlogServer(posts) as server:
        yield server


@pytest.fixture
def kinaforum(site: Callable[[str], Site], blog: BlogServer) -> Callable[..., Site]:
    """A site with the blog and these of its neighbours as sources."""

    def make(*neighbours: str, keys: str = "") -> Site:
        urls = [f"{blog.url}/", *(blog.url + path for path in neighbours)]
        sources = "".join(f'[[newsletters.kinaforum.sources]]\nurl = "{url}"\n' for url in urls)
        return site(CONFIG.format(keys=keys, sources=sources))

    return make


def one_line(text: str) -> str:
    """The only line of an error."""
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


BAD = {
    "/down": "500",
    "/slow": "5 s",
    "/endless": "8,000,000 bytes",
    "/loop": "redirect",
    "/page": "no feed found on this page",
    "/bomb": "entit",
    "/empty": "empty",
    "/nowhere": "404",
    "/large": "8,000,000 bytes",
}
ODD = {"/cut": "ends too early", "/deep": "", "/ahead": "2099", "/undated": ""}


def test_each_source_that_fails_is_one_sentence_and_leaves_the_others_alone(
    kinaforum: Callable[..., Site], blog: BlogServer
) -> None:
    site = kinaforum(*BAD, *ODD)
    told = {row["url"].removeprefix(blog.url): row for row in site.json("collect")["sources"]}
    assert (told["/"]["new"], told["/"]["problem"]) == (2, None)
    for path, words in {**BAD, **ODD}.items():
        problem = told[path]["problem"] or ""
        assert "\n" not in problem
        assert words in problem, f"{path}: {problem}"
        assert not problem or problem.startswith(blog.url + path)
        assert (told[path]["new"] == 0) == (path in BAD), path
    drafted = site.json("draft", "kinaforum", "--week", "2026-W06")
    assert {"On a", "On b"} <= {p["title"] for p in drafted["posts"] if p["included"]}
    assert all(blog.url + path in drafted["waiting"] for path in BAD)


def test_status_says_that_every_source_fails(kinaforum: Callable[..., Site], blog: BlogServer) -> None:
    site = kinaforum()
    blog.__exit__()
    told = site.run("collect", status=1)
    assert "no source could be read" in one_line(told.stderr)


def test_an_empty_week_is_a_draft_without_posts(kinaforum: Callable[..., Site]) -> None:
    drafted = kinaforum().json("draft", "kinaforum", "--week", "2026-W20")
    assert (drafted["days"], drafted["subject"]) == ([], "Kinaforum")


def test_an_edition_for_nobody_is_sent_to_nobody_and_says_so(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum()
    site.run("draft", "kinaforum", "--week", "2026-W06")
    done = site.json("send", EDITION, "--approve", "--yes", "--wait")
    assert (done["state"], done["audience"]) == ("sent", 0)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('{% extends "shipped/edition.mjml" %}\n{% block title %}{{ nonsense.of.it }}{% endblock %}\n', ["nonsense"]),
        ('{% extends "shipped/edition.mjml" %}\n\n{% block title %}{% if %}{% endblock %}\n', ["line 3"]),
        ("<mjml><mj-body><mj-section></mj-body></mjml>\n", ["line 1", "mj-section"]),
    ],
)
def test_a_template_that_is_broken_is_named_with_its_line_and_harms_no_draft(
    kinaforum: Callable[..., Site], template: str, words: list[str]
) -> None:
    site = kinaforum()
    (site.folder / "templates").mkdir()
    (site.folder / "templates" / "edition.mjml").write_text(template, encoding="utf-8")
    site.run("draft", "kinaforum", "--week", "2026-W06")
    for command in (["preview", EDITION], ["lint", EDITION], ["approve", EDITION], ["check"]):
        told = one_line(site.run(*command, status=1).stderr)
        assert "edition.mjml" in told
        assert all(word in told for word in words), told
    (site.folder / "templates" / "edition.mjml").unlink()
    assert site.json("show", EDITION)["state"] == "draft"
    site.run("approve", EDITION)


def test_a_subject_with_an_unknown_placeholder_names_its_key(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum(keys='subject = "{{ newsletter.titel }}"')
    told = one_line(site.run("draft", "kinaforum", "--week", "2026-W06", status=1).stderr)
    assert "subject" in told
    assert "titel" in told
    assert site.json("editions")["editions"][0]["edition"] == EDITION


def test_without_a_terminal_a_question_is_status_3(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum()
    site.run("draft", "kinaforum", "--week", "2026-W06")
    assert "confirm with --yes" in one_line(site.run("send", EDITION, "--approve", status=3).stderr)


def test_a_database_that_cannot_be_opened_is_one_sentence(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum()
    (site.folder / "newsletter.db").mkdir(mode=0o700)
    assert "database" in one_line(site.run("editions", status=1).stderr)


def test_a_file_that_is_no_database_is_one_sentence(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum()
    (site.folder / "newsletter.db").touch(mode=0o600)
    (site.folder / "newsletter.db").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    assert "database" in one_line(site.run("editions", status=1).stderr)


def test_another_key_than_the_databases_is_one_sentence(kinaforum: Callable[..., Site]) -> None:
    site = kinaforum()
    site.run("editions")
    (site.folder / ".secret_key").write_text("another key altogether, and long enough to be one\n", encoding="utf-8")
    assert "key" in one_line(site.run("editions", status=1).stderr)
