"""Reading a source as a whole, over HTTP."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter import config
from newsletter.feeds import Memory
from newsletter.feeds.model import EVERYTHING
from newsletter.feeds.sources import read as reading
from newsletter.feeds.sources.read import read, read_file
from tests.feeds.conftest import ATOM, NOW, RSS, SINCE, Answer, Site, atom, entry, feed, item, numbers, of, rss


def test_an_unchanged_source_is_not_read_again(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(1), ETag='"1"')
    first = of(site.base + "/a", collect)
    assert first.memory.etag == '"1"'
    site.pages["/a"] = Answer(status=304)
    again = of(site.base + "/a", collect, first.memory)
    assert (again.not_modified, again.posts, again.problems, again.memory) == (True, (), (), first.memory)


def test_with_since_it_is_read_even_where_nothing_changed(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(5), entry(1), ETag='"1"')
    memory = Memory(kind="feed", feed_url=site.base + "/a", etag='"1"')
    assert numbers(of(site.base + "/a", collect, memory, since=SINCE)) == [5, 1]
    assert "if-none-match" not in site.requests[0][1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=410), "gone permanently"),
        (Answer(status=500), "returned an error"),
        (Answer(b"Hello", "text/plain"), "is not a feed"),
        (Answer(b"<html><body>Not a feed</body></html>"), "no feed found on this page"),
        (Answer(b"{}", "application/json"), "not a JSON Feed"),
        (Answer(status=302, headers={"Location": "/a"}), "redirects"),
        (Answer(b"<rss><!-- " + b"x" * 300_000 + b"--></rss>", RSS), "larger than"),
        (Answer(atom(entry(1, more="<thr:in-reply-to ref='x'/>")), ATOM), "comments"),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_source(
    answer: Answer, said: str, site: Site, collect: config.Collect
) -> None:
    site.pages["/a"] = answer
    for kind in ("feed", "auto"):
        found = of(site.base + "/a", collect, kind=kind)
        (problem,) = map(str, found.problems)
        assert problem.startswith(f"{site.base}/a: ")
        assert said in problem
        assert "\n" not in problem
        assert (found.posts, found.complete, found.stop) == ((), False, answer.status == 410)


def test_a_source_that_wants_to_be_left_alone_is(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=503, headers={"Retry-After": "3600"})
    assert of(site.base + "/a", collect).retry_after == timedelta(hours=1)


def test_a_fault_keeps_what_was_remembered(site: Site, collect: config.Collect) -> None:
    memory = Memory(kind="feed", feed_url=site.base + "/a", title="A blog", etag='"1"')
    site.pages["/a"] = Answer(status=500)
    found = of(site.base + "/a", collect, memory)
    assert (found.memory, found.title, found.kind) == (memory, "A blog", "feed")


def test_a_fault_of_our_own_is_a_sentence_too(
    site: Site, collect: config.Collect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "discover", fail)
    with caplog.at_level(logging.ERROR):
        (problem,) = map(str, of(site.base + "/a", collect).problems)
    assert "ZeroDivisionError" in problem
    assert "ZeroDivisionError" in caplog.text


def test_stopping_by_hand_passes(site: Site, collect: config.Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "discover", stop)
    with pytest.raises(KeyboardInterrupt):
        of(site.base + "/a", collect)


def test_a_post_dated_far_ahead_is_named_and_kept(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), entry(5, date="2099-02-05T12:00:00+01:00"))
    found = of(site.base + "/a", collect)
    assert numbers(found) == [5, 6]
    assert tuple(map(str, found.problems)) == (
        f"{site.base}/a: its post 'Post 5' is dated in the future (2099-02-05) and waits for that day",
    )


def test_the_language_of_config_wins(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6))
    found = read(config.SourceSettings(url=site.base + "/a", language="nn"), collect, now=NOW)
    assert [p.language for p in found.posts] == ["nn"]


def test_an_id_that_comes_twice_is_one_post(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6, uid="x"), entry(5, uid="x"))
    assert numbers(of(site.base + "/a", collect)) == [6]


def test_posts_come_newest_first_and_undated_ones_last(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(3, date="someday"), entry(4), entry(6), entry(5))
    assert numbers(of(site.base + "/a", collect)) == [6, 5, 4, 3]


def test_a_folder_is_read_from_beside_the_configuration(tmp_path: Path, collect: config.Collect) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text("---\ntitle: Post 1\ndate: 2026-02-06\n---\nText.\n")
    source = config.SourceSettings(url="posts", base="https://blog.example", permalink="/:slug/")
    found = read(source, collect, now=NOW, root=tmp_path, since=SINCE)
    assert (found.kind, numbers(found), found.complete, found.reached_back_to) == ("folder", [1], True, EVERYTHING)
    missing = read(config.SourceSettings(url="nowhere", type="folder"), collect, now=NOW, root=tmp_path)
    assert "no such folder" in str(missing.problems[0])


def test_a_file_is_read_as_if_it_came_from_its_base(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss(item("Post 1", "&lt;a href='/x'&gt;x&lt;/a&gt;"), item("Post 2")))
    found = read_file(file, "https://blog.example/feed")
    assert numbers(found) == [1, 2]
    assert 'href="https://blog.example/x"' in found.posts[0].html


def test_a_file_that_is_no_feed_is_said(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<html></html>")
    assert tuple(map(str, read_file(file).problems)) == (f"{file}: is a web page, not a feed",)
    assert "can't be read" in str(read_file(tmp_path / "nowhere").problems[0])
