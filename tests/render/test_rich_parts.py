"""Rich parts of posts, in the markup of the platforms that make them: what the email and its text have of each."""

from html import escape
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsletter.feeds.html.clean import clean
from newsletter.render.content.content import prepare
from newsletter.render.content.fragment import parse
from newsletter.render.content.text import plain
from newsletter.render.edition import render
from tests.render.samples import digest, post

PAGE = "https://blog.example/boats"


FILE = Path(__file__).with_name("rich_parts.yaml")
PARTS: dict[str, Any] = {part["name"]: part for part in yaml.safe_load(FILE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_in_the_email_and_in_its_text(name: str) -> None:
    part = PARTS[name]
    stored = clean(part["source"], PAGE, PAGE).html
    html = prepare(stored, url=PAGE, title="Boats", level=3, whole=True)
    root = parse(html)
    assert clean(stored, PAGE, PAGE).html == stored
    marked = root.iter("table", "blockquote", "pre")
    assert [element.get("class") for element in marked if element.get("class")] == part["classes"]
    assert len(list(root.iter("img"))) == part["pictures"]
    assert list(dict.fromkeys(link.get("href") for link in root.iter("a"))) == part["links"]
    assert plain(html) == part["text"]


def shown(stored: str, **options: Any) -> Any:
    return parse(prepare(stored, url=PAGE, title="Boats", level=3, whole=True, **options))


def test_pictures_of_a_row_are_equally_high_and_fill_the_column() -> None:
    row = (
        '<div class="row"><figure><img src="https://x.example/1.jpg" width="2000" height="1000"></figure>'
        '<figure><img src="https://x.example/2.jpg" width="1000" height="1000"></figure></div>'
    )
    first, second = shown(row).iter("img")
    assert int(first.get("height")) == pytest.approx(int(second.get("height")), abs=4)
    assert int(first.get("width")) + int(second.get("width")) == pytest.approx(552 * 0.98, abs=4)


def test_pictures_fit_a_narrower_column() -> None:
    alone = shown('<p><img src="https://x.example/1.jpg" width="2000" height="1000"></p>', column=500)
    (picture,) = alone.iter("img")
    assert (picture.get("width"), picture.get("height")) == ("500", "250")
    row = clean(PARTS["a WordPress block"]["source"], PAGE, PAGE).html
    assert sum(int(image.get("width")) for image in shown(row, column=500).iter("img")) <= 500 * 0.98


def test_a_picture_that_is_left_of_a_row_is_an_ordinary_one() -> None:
    (picture,) = shown('<div class="row"><figure><img src="https://x.example/1.jpg" width="2000"></figure></div>').iter(
        "img"
    )
    assert picture.get("width") == "552"


def test_a_class_that_pages_use_for_layout_is_no_row() -> None:
    assert clean('<div class="row"><div class="col"><p>A</p></div><div class="col"><p>B</p></div></div>').html == (
        "<p>A</p><p>B</p>"
    )


def test_a_mark_and_its_note_link_to_each_other_and_to_nothing_else() -> None:
    source = PARTS["a footnote"]["source"]
    root = shown(clean(source, PAGE, PAGE).html)
    identifiers = root.xpath("//@id")
    assert sorted(link.get("href") for link in root.iter("a")) == sorted(f"#{each}" for each in identifiers)
    cut = shown(clean(source, PAGE, PAGE).html.partition("<ol>")[0])
    assert [*cut.iter("a")] == []


def test_code_has_colours_only_where_there_is_room() -> None:
    stored = clean(PARTS["code"]["source"], PAGE, PAGE).html
    assert [span.get("class") for span in shown(stored).iter("span")] == [
        "keyword", "number", "keyword", "number", "remark",
    ]  # fmt: skip
    assert [*shown(stored, coloured=False).iter("span")] == []


def test_an_edition_that_is_too_large_loses_the_colours_of_code_first() -> None:
    code = "".join(f"def f{n}():\n    return {n}\n" for n in range(200))
    edition = digest([post(0, html=f'<pre data-language="python">{code}</pre>')])
    large = render(edition)
    small = render(edition, maximum_size=len(large.html) - 1000)
    assert 'class="keyword"' in large.html
    assert 'class="keyword"' not in small.html
    assert small.shortened == ()


@pytest.mark.parametrize("json_text", ["", "{", "[]", '"x"', '{"url": 1, "gallery": [], "photos": "x"}', "[" * 100_000])
@pytest.mark.parametrize("name", ["tweet", "image-gallery-embed", "native-audio-embed", "digest-post-embed", "comment"])
def test_what_substack_does_not_describe_stays(name: str, json_text: str) -> None:
    source = f'<div class="{name}" data-attrs="{escape(json_text)}"><p>Boats</p></div>'
    assert clean(source, PAGE).html == "<p>Boats</p>"


def test_a_thumbnail_of_jetpack_is_shown_as_its_large_file() -> None:
    image = (
        '<a href="/{0}/"><img src="/{0}-150x150.jpg" data-large-file="https://x.example/{0}-1024x512.jpg" '
        'width="150" height="150"></a>'
    )
    gallery = f'<div class="gallery gallery-columns-2">{image.format(1)}{image.format(2)}</div>'
    first, second = shown(clean(gallery, PAGE, PAGE).html).iter("img")
    assert [first.get("src"), second.get("src")] == [f"https://x.example/{n}-1024x512.jpg" for n in (1, 2)]
    assert int(first.get("width")) == pytest.approx(2 * int(first.get("height")), abs=2)
