"""What the commands before the first draft do: init, demo, check, try, collect, manage."""

import errno
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest

from newsletter import config
from newsletter.feeds import SourceReading
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message
from newsletter.messages.failures import READ_ONLY
from newsletter.messages.general import ABOUT
from newsletter.messages.sources import BUSY, BUSY_FOR, CONNECTION_FAILED, SERVER_ERROR
from newsletter.sending.sql import database_watch
from tests.cli.conftest import Run
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.feeds import Blog

pytestmark = pytest.mark.django_db

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title>
<item><title>One</title><link>/one</link><guid>1</guid><pubDate>Fri, 06 Feb 2026 12:00:00 +0100</pubDate>
<description>&lt;p&gt;Words.&lt;/p&gt;</description></item>
<item><title>Two</title><link>/two</link><pubDate>Thu, 05 Feb 2026 12:00:00 +0100</pubDate></item>
</channel></rss>"""


def test_init_writes_a_valid_configuration_and_overwrites_nothing(command: Run, tmp_path: Path) -> None:
    files = command("init", "mine", "--templates", "--json").document["files"]
    assert files == ["mine/config.toml", "mine/templates/edition.mjml"]
    assert config.load(tmp_path / "mine" / "config.toml", {}).newsletters
    (tmp_path / "mine" / "config.toml").write_text("mine", encoding="utf-8")
    told = command("init", "mine", status=1).sentence
    assert told == "mine/config.toml exists already and was not changed; choose another folder"
    assert (tmp_path / "mine" / "config.toml").read_text(encoding="utf-8") == "mine"


def test_what_a_full_disk_keeps_init_from_writing_is_not_there(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    for written in (0, 2):  # the file and its folder are synchronized
        monkeypatch.setattr("os.fsync", Mock(side_effect=[*[None] * written, full]))
        told = command("init", "mine", "--templates", status=1).sentence
        file = ("mine/config.toml", "mine/templates/edition.mjml")[written // 2]
        assert told == f"{file}: No space left on device; free some space and try again"
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and "mine" in path.parts]


def test_init_with_a_blog_writes_a_configuration_that_makes_a_draft(command: Run, tmp_path: Path) -> None:
    with BlogServer([Entry(f"p{day}", datetime(2026, 2, day, 10, tzinfo=UTC)) for day in (3, 4, 5)]) as served:
        words = ("init", "site", "--blog", served.url, "--allow-private-addresses", "--json")
        written = command(*words).document
        assert (written["newsletter"], written["title"], written["posts"]) == ("a-blog", "A blog", 3)
        draft = command("--config", "site/config.toml", "draft", "a-blog", "--week", "2026-W06", "--json").document
        assert sum(day["posts"] for day in draft["days"]) == 3


def test_init_says_why_a_blog_cannot_be_read(command: Run, tmp_path: Path) -> None:
    with BlogServer() as served:
        sentence = command("init", "site", "--blog", served.url, status=1).sentence
    assert sentence.endswith("127.0.0.1 is not a public address; use --allow-private-addresses if that is intended")
    assert not (tmp_path / "site").exists()


def test_init_does_not_say_that_we_try_again(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SourceProblem(ABOUT(subject="https://x.example/", message=SERVER_ERROR(status="500")))

    monkeypatch.setattr("newsletter.setup.blog_profile.find_profile", fail)
    told = command("init", "site", "--blog", "x.example", status=1).sentence
    assert told == "https://x.example/: the site returned an error (500); try again later"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (CONNECTION_FAILED(cause="reset"), "the connection failed (reset); check the address and try again"),
        (SERVER_ERROR(status="500"), "the site returned an error (500); try again later"),
        (BUSY(status="429"), "the site asked us to wait (429); try again later"),
        (BUSY_FOR(status="429", wait="1 h"), "the site asked us to wait 1 h (429); try again later"),
    ],
)
def test_try_does_not_say_that_we_try_again(
    command: Run, monkeypatch: pytest.MonkeyPatch, problem: Message, said: str
) -> None:
    about = ABOUT(subject="https://x.example/", message=problem)
    monkeypatch.setattr(
        "newsletter.feeds.sources.read.read", lambda *_, **__: SourceReading(problems=(about,), complete=False)
    )
    told = command("try", "https://x.example/", "--json", status=1)
    assert json.loads(told.out)["problems"] == [f"https://x.example/: {said}"]
    assert json.loads(told.out)["problem_codes"] == [problem.code]
    assert told.err == f"https://x.example/: {said}\n"


def test_demo_without_its_packages_says_how_to_install_them(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "aiosmtpd" or ".demo." in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    sentence = command("demo", "--once", "--no-open", status=1).sentence
    assert sentence == "the demo needs the package aiosmtpd; install it with: pip install 'newsletter[demo]'"


def test_check_reports_each_finding(command: Run) -> None:
    checks = {c["about"]: c["verdict"] for c in command("check", "--json").document["checks"]}
    assert checks["database"] == checks["kinaforum: links"] == checks["kinaforum: templates"] == "good"


def test_check_says_that_nothing_can_be_written(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_watch, "problem", READ_ONLY)
    checks = json.loads(command("check", "--json", status=1).out)["checks"]
    assert (checks[0]["about"], checks[0]["verdict"]) == ("database", "bad")
    assert checks[0]["sentence"] == (
        "the database is read-only; make the file and its folder writable for the user that runs newsletter"
    )


@pytest.mark.parametrize(("provider", "verdict"), [("smtp", "bad"), ("file", "warning")])
def test_check_says_that_a_dkim_key_is_none(command: Run, tmp_path: Path, provider: str, verdict: str) -> None:
    """With a provider that signs nothing itself, it does no harm yet."""
    key = '[[delivery.dkim]]\ndomain = "example.org"\nselector = "s1"\nkey = "dkim.pem"\n'
    text = (
        (tmp_path / "config.toml").read_text(encoding="utf-8").replace('provider = "file"', f'provider = "{provider}"')
    )
    (tmp_path / "config.toml").write_text(text + key, encoding="utf-8")
    status = 1 if provider == "smtp" else 0
    found = json.loads(command("check", "--allow-local-links", "--json", status=status).out)["checks"]
    (told,) = [each for each in found if each["about"] == "example.org: DKIM key s1"]
    assert told["verdict"] == verdict
    assert told["sentence"] == (
        "the DKIM key of s1._domainkey.example.org is not a private key in PEM format without a password; make one "
        "with 'newsletter dkim new', which prints the line for config.toml"
    )


@pytest.mark.parametrize("key", ['{ file = "no.pem" }', '{ file = "." }'])
def test_check_says_that_the_file_of_a_dkim_key_cannot_be_read(command: Run, tmp_path: Path, key: str) -> None:
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'[[delivery.dkim]]\ndomain = "example.org"\nselector = "s1"\nkey = {key}\n')
    told = command("check", status=2).sentence
    assert told.startswith(f"delivery.dkim[1].key: {tmp_path}")
    assert told.endswith("; it must be a text file that the user who runs newsletter may read")


def test_check_ends_with_1_if_something_is_wrong(command: Run, tmp_path: Path) -> None:
    text = (tmp_path / "config.toml").read_text(encoding="utf-8").replace('"file"', '"mailgun"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    told = command("check", status=1)
    assert told.err.startswith("kinaforum: links: ")
    assert "links that begin with http://localhost:8000" in told.err


def test_try_shows_the_posts_of_a_file_and_stores_nothing(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    document = command("try", "feed.xml", "--base", "https://x.example/feed", "--json").document
    assert (document["type"], document["title"]) == ("feed", "A blog")
    first, second = document["posts"]
    assert (first["id"], first["title"], first["url"]) == ("1", "One", "https://x.example/one")
    assert (first["published"], first["has_body"]) == ("2026-02-06T12:00:00+01:00", True)
    assert second["id"] == second["url"] == "https://x.example/two"
    assert command("editions", "--json").document == {"editions": []}


def test_try_needs_no_configuration(command: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").unlink()
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    assert len(command("try", "feed.xml", "--json").document["posts"]) == 2


def test_try_accepts_a_time_span(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    document = command("try", "feed.xml", "--since", "2026-02-05", "--until", "2026-02-06", "--json").document
    assert [p["title"] for p in document["posts"]] == ["Two"]


def test_try_without_a_feed_is_one_sentence(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("nothing of the kind", encoding="utf-8")
    assert command("try", "feed.xml", status=1).sentence.startswith("feed.xml: is not a feed")


def test_collect_reports_each_source(command: Run, blog: Blog) -> None:
    assert command("collect", "--json").document == {
        "sources": [
            {
                "newsletter": "kinaforum",
                "url": blog.address,
                "type": "feed",
                "new": 3,
                "changed": 0,
                "problem": None,
                "problem_code": None,
                "gap": None,
            }
        ]
    }


def test_collect_ends_with_1_if_every_source_failed(command: Run, blog: Blog) -> None:
    blog.up = False
    told = command("collect", "--json", status=1)
    assert json.loads(told.out)["sources"][0]["problem"] == f"{blog.address}: does not answer"
    assert told.err == "no source could be read completely; the problems are listed above\n"


def test_manage_passes_all_arguments_on(command: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "newsletter" in command("manage", "showmigrations", "--list").out
