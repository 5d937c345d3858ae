"""Large documents are read in a child process with limits; a document that exceeds one costs itself alone."""

import os
import re
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from newsletter.config import Collect, SourceSettings
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.html import tags
from newsletter.feeds.model import NotAFeed
from newsletter.feeds.sources import discover
from newsletter.feeds.sources.read import read, read_file
from newsletter.sandbox import LARGE, LimitExceeded, Sandbox

BASE = "https://blog.example/"


def rss(title: str = "One", more: str = "") -> bytes:
    item = f"<item><title>{title}</title><link>{BASE}1</link></item>"
    return f'<rss version="2.0"><channel><title>B</title>{item}{more}</channel></rss>'.encode()


@pytest.mark.e2e
def test_a_child_gives_what_the_function_gives() -> None:
    with Sandbox() as sandbox:
        assert sandbox.run(parse, rss(), BASE) == parse(rss(), BASE)
        child = sandbox.run(os.getpid)
        assert child != os.getpid()
        assert sandbox.run(os.getpid) == child
        with pytest.raises(NotAFeed, match="is empty"):
            sandbox.run(parse, b"", BASE)
        assert sandbox.run(os.getpid) == child  # which an exception leaves alone
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.e2e
def test_only_large_documents_need_a_child() -> None:
    with Sandbox() as sandbox:
        assert sandbox.read(LARGE - 1, os.getpid) == os.getpid()
        assert sandbox.read(LARGE, os.getpid) != os.getpid()


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("function", "argument", "sentence"),
    [
        (re.compile("(a*)*b").fullmatch, "a" * 60, "more than 0.3 s of CPU time"),
        (bytes, 10_000_000_000, "more than 800 MB of memory"),
        (os._exit, 3, "crashes the parser"),
        (signal.raise_signal, signal.SIGSEGV, "crashes the parser"),
    ],
)
def test_a_call_beyond_a_limit_ends_the_child_and_no_other_call(
    function: object, argument: object, sentence: str
) -> None:
    with Sandbox(cpu_seconds=0.3) as sandbox:
        with pytest.raises(LimitExceeded, match=sentence):
            sandbox.run(function, argument)
        assert sandbox.run(int, "5") == 5


@pytest.mark.e2e
def test_a_large_feed_is_the_same_through_a_child(tmp_path: Path) -> None:
    body = rss("Large", f"<!--{'x' * LARGE}-->")
    (tmp_path / "feed.xml").write_bytes(body)
    assert read_file(tmp_path / "feed.xml", BASE).posts == parse(body, BASE).posts


@pytest.mark.e2e
def test_a_hostile_markdown_file_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.feeds.sources.folder.Sandbox", partial(Sandbox, 1))
    front = "---\ntitle: {}\ndate: 2026-02-04\n---\n"
    (tmp_path / "bad.md").write_text(front.format("Bad") + "a**b" + "c* " * 330_000)
    (tmp_path / "good.md").write_text(front.format("Good") + "Text.")
    source = SourceSettings(url=str(tmp_path), type="folder", base=BASE)
    found = read(source, Collect(maximum_bytes=1_000_000), now=datetime(2026, 2, 5, tzinfo=UTC))
    assert [p.title for p in found.posts] == ["Good"]
    assert "its file bad.md was left out: it takes more than 1 s of CPU time" in str(found.problems[0])


@pytest.mark.e2e
def test_windows_1252_of_eight_megabytes_is_read_within_the_limits(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(rss().replace(b"One", b"\x8b" * 7_900_000))
    found = read_file(tmp_path / "feed.xml", BASE)
    assert "has a title of 7,900,000 characters" in str(found.problems[0])
    assert [p.title[:2] for p in found.posts] == ["‹‹"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (tags._TAG, "<a" + "'9" * 1_000_000),
        (tags._TAG, "<a" + "9" * 2_000_000),
        (discover._LINK_HEADER, "<" * 65_000),
    ],
)
def test_patterns_take_linear_time(pattern: re.Pattern[str], text: str) -> None:
    with Sandbox(cpu_seconds=10) as sandbox:
        assert sandbox.run(pattern.findall, text) == []
