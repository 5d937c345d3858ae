"""A folder of Markdown files."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.model import EVERYTHING, Page, SourceProblem
from newsletter.feeds.sources.folder import Folder, read_folder, slugify

OSLO = ZoneInfo("Europe/Oslo")


def folder(path: Path, permalink: str = "/:year/:month/:slug/", base: str = "https://blog.example") -> Page:
    return read_folder(Folder(path, base, permalink, OSLO, 100_000))


def write(path: Path, name: str, text: str) -> None:
    file = path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def only(page: Page) -> FoundPost:
    (post,) = page.posts
    return post


def test_yaml_front_matter_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "boats.md",
        "---\ntitle: Boats & more\ndate: 2026-02-06 18:40\ntags: [sea, wood]\nauthor: Ada\n"
        "description: Of boats.\n---\n"
        "A *fine* boat.\n\n![Boat](boat.png)\n",
    )
    post = only(folder(tmp_path))
    assert (post.title, post.author, post.categories, post.summary) == (
        "Boats & more",
        "Ada",
        ("sea", "wood"),
        "Of boats.",
    )
    assert post.published == datetime(2026, 2, 6, 18, 40, tzinfo=OSLO)
    assert post.url == post.uid == "https://blog.example/2026/02/boats/"
    image = '<img src="https://blog.example/2026/02/boats/boat.png" alt="Boat">'
    assert post.html == f"<p>A <em>fine</em> boat.</p>\n<p>{image}</p>".replace("\n", "")


def test_toml_front_matter_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a/index.md", '+++\ntitle = "One"\ndate = 2026-02-06T18:40:00+02:00\n[params]\nx = 1\n+++\nText.\n')
    post = only(folder(tmp_path))
    assert (post.title, post.url) == ("One", "https://blog.example/2026/02/a/")
    assert post.published is not None
    assert post.published.isoformat() == "2026-02-06T18:40:00+02:00"


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("2026-02-06", "2026-02-06T00:00:00+01:00"),
        ("2026-02-06 18:40:00 +0200", "2026-02-06T16:40:00+00:00"),
        ("2026-07-06T18:40", "2026-07-06T18:40:00+02:00"),
        ("Fri, 06 Feb 2026 18:40:00 GMT", "2026-02-06T18:40:00+00:00"),
        ("6 February 2026", "2026-02-06T00:00:00+01:00"),
    ],
)
def test_a_date_without_an_offset_is_meant_where_the_newsletter_is(date: str, instant: str, tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\ntitle: A\ndate: {date}\n---\nText.\n")
    assert only(folder(tmp_path)).published == datetime.fromisoformat(instant)


def test_jekyll_names_give_date_and_slug(tmp_path: Path) -> None:
    write(tmp_path, "_posts/2026-02-06-my-boat.markdown", "---\ntitle: A\n---\nText.\n")
    write(tmp_path, "_drafts/idea.md", "---\ntitle: B\n---\nText.\n")
    post = only(folder(tmp_path, "/:year/:month/:day/:slug.html"))
    assert post.url == "https://blog.example/2026/02/06/my-boat.html"
    assert post.published == datetime(2026, 2, 6, tzinfo=OSLO)


@pytest.mark.parametrize("key", ["draft: true", "published: false", "layout: page"])
def test_unpublished_files_are_left_out(key: str, tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\ntitle: A\ndate: 2026-02-06\n{key}\n---\nText.\n")
    write(tmp_path, "_index.md", "---\ntitle: Section\n---\n")
    write(tmp_path, "README.md", "# No front matter\n")
    assert folder(tmp_path) == Page("folder", ends_at=EVERYTHING)


def test_a_post_of_the_future_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\ndate: 2999-01-01\n---\nText.\n")
    assert only(folder(tmp_path)).title == "A"


@pytest.mark.parametrize(
    ("extra", "url"),
    [
        ("slug: other", "https://blog.example/posts/other/"),
        ("url: /elsewhere/", "https://blog.example/elsewhere/"),
        ("permalink: https://other.example/x", "https://other.example/x"),
    ],
)
def test_a_post_may_say_its_own_address(extra: str, url: str, tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\ntitle: A\ndate: 2026-02-06\n{extra}\n---\nText.\n")
    assert only(folder(tmp_path, "/posts/:slug/")).url == url


def test_a_base_below_the_root_of_its_host_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: Ein Tag\ndate: 2026-02-06\n---\nText.\n")
    assert only(folder(tmp_path, "/:title/", "https://host.example/blog")).url == "https://host.example/blog/ein-tag/"


def test_html_in_markdown_is_cleaned(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.md",
        "---\ntitle: A\ndate: 2026-02-06\n---\nText <b onclick='x'>bold</b>.\n\n<script>alert(1)</script>\n",
    )
    assert only(folder(tmp_path)).html == "<p>Text <b>bold</b>.</p>"


def test_the_text_before_more_is_the_summary(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\ndate: 2026-02-06\n---\nShort.\n\n<!--more-->\n\nLong.\n")
    assert only(folder(tmp_path)).summary == "Short."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ntitle: [unclosed\n---\nText\n", "front matter can't be read"),
        ("+++\ntitle = \n+++\nText\n", "front matter can't be read"),
        ("---\n- a\n- b\n---\nText\n", "holds no keys"),
        ("---\ntitle: A\n---\n" + "x" * 100_000, "more than the maximum size of a response"),
        ("---\ntitle: B\ndate: someday\n---\nText\n", "can't be read ('someday')"),
        ("---\ntitle: B\ndate: 2026-02-06\n---\n{{< youtube x >}}\n", "shortcodes"),
    ],
)
def test_a_faulty_file_is_named_and_leaves_the_others_alone(text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, "bad.md", text)
    write(tmp_path, "good.md", "---\ntitle: Good\ndate: 2026-02-06\n---\nText.\n")
    page = folder(tmp_path)
    assert "Good" in [p.title for p in page.posts]
    (problem,) = map(str, page.problems)
    assert said in problem
    assert "bad.md" in problem or "'B'" in problem


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"---\ntitle: \xff\n---\n")
    assert tuple(map(str, folder(tmp_path).problems)) == ("its file bad.md was left out: it is not text in UTF-8",)


def test_no_folder_and_an_unknown_placeholder_are_said(tmp_path: Path) -> None:
    with pytest.raises(SourceProblem, match="no such folder"):
        folder(tmp_path / "nowhere")
    with pytest.raises(SourceProblem, match="':section'"):
        folder(tmp_path, "/:section/:slug/")


def test_without_a_base_a_post_has_an_id_and_the_folder_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\ndate: 2026-02-06\n---\nText.\n")
    page = folder(tmp_path, base="")
    assert (only(page).uid, only(page).url) == ("a.md", "")
    assert "set base" in str(page.problems[0])


def test_slugs_keep_letters_of_any_script() -> None:
    assert slugify("Blåbær & ‘Привет’ – 2!") == "blåbær-привет-2"


def test_the_picture_of_front_matter_is_seen_from_the_post(tmp_path: Path) -> None:
    write(tmp_path, "a/index.md", "---\ntitle: A\ndate: 2026-02-06\ncover: boat.png\n---\nText.\n")
    image = only(folder(tmp_path)).image
    assert image is not None
    assert image.url == "https://blog.example/2026/02/a/boat.png"


def test_front_matter_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ndate: 2026-02-06\ntitle: [one\n---\nText.\n")
    (problem,) = map(str, folder(tmp_path).problems)
    said = "its file a.md was left out: its front matter can't be read: line 4: expected ',' or ']'"
    assert problem.startswith(said)


@pytest.mark.parametrize("name", ["none", "x" * 300, "a\0b"])
def test_a_folder_that_is_not_there_is_named_whatever_its_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceProblem, match="there is no such folder"):
        folder(tmp_path / name)
