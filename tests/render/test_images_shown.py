"""Which images of posts an edition shows, and how high they are."""

from typing import Any

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import DigestPost
from newsletter.domain.found_post import Image
from newsletter.render.content.content import prepare
from newsletter.render.content.fragment import parse
from newsletter.render.content.images import fitted
from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, post

FIRST = '<p>One. <img src="https://blog.example/small.png" alt="Small" width="90" height="60"></p>'
SECOND = '<p><img src="https://blog.example/port.jpg" alt="Port" width="400" height="800"></p><p>Two.</p>'


def shown(changes: dict[str, Any], html: str = FIRST + SECOND, image: Image | None = None) -> list[tuple[str, ...]]:
    """The names, widths and heights of the images of an edition with one post."""
    entry: DigestPost = post(0, html=html, image=image, whole=True)
    tree = lxml_html.document_fromstring(render(digest([entry], letterhead=letterhead(**changes))).html)
    images = [image for image in tree.iter("img") if "blog.example" in (image.get("src") or "")]
    return [(i.get("src").rpartition("/")[2], i.get("width"), i.get("height") or "") for i in images]


SMALL, PORT = ("small.png", "90", "60"), ("port.jpg", "400", "800")


@pytest.mark.parametrize(
    ("images", "found"), [("all", [SMALL, PORT]), ("first", [SMALL]), ("lead", [PORT])], ids=["all", "first", "lead"]
)
@pytest.mark.parametrize("design", ["letter", "magazine"])
def test_the_chosen_images_are_shown(design: str, images: str, found: list[tuple[str, ...]]) -> None:
    assert shown({"design": design, "images": images}) == found


def test_the_image_of_the_feed_leads_where_the_text_has_none() -> None:
    image = Image("https://blog.example/feed.jpg", "", 640, 480)
    assert shown({"images": "lead"}, "<p>One.</p>", image) == [("feed.jpg", "552", "414")]


def test_a_design_without_leading_images_keeps_the_first_one() -> None:
    assert shown({"design": "plain", "images": "lead"}) == [SMALL]


def test_high_images_become_smaller() -> None:
    assert shown({"image_height": 200}) == [SMALL, ("port.jpg", "100", "200")]
    assert shown({"image_height": 200, "images": "lead"}) == [("port.jpg", "100", "200")]


@pytest.mark.parametrize(
    ("size", "tallest", "made"),
    [((1000, 500), 0, (552, 276)), ((1000, 500), 138, (276, 138)), ((1000, None), 100, (552, None)),
     ((None, None), 100, (552, None)), ((100, 50), 50, (100, 50)), ((2, 900), 9, (1, 9))],
)  # fmt: skip
def test_images_fit_the_column_and_the_height(
    size: tuple[int | None, int | None], tallest: int, made: tuple[int, int | None]
) -> None:
    assert fitted(*size, 552, tallest) == made


@pytest.mark.parametrize(
    ("alternative", "file", "shown"),
    [
        ("DSC_4550", "boat.jpg", ""),
        ("IMG 20260206 (2)", "boat.jpg", ""),
        ("boat2.jpg", "boat2.jpg", ""),
        ("Boat-MK1-Overview", "DSC_1.jpg", ""),
        ("boat_2", "boat2-1024x683.jpg", ""),
        ("COVID-19", "boat.jpg", "COVID-19"),
        ("Boats", "boats.jpg", "Boats"),
        ("Boat 2 in the harbour", "boat2.jpg", "Boat 2 in the harbour"),
    ],
)
def test_the_name_of_a_file_is_no_description(alternative: str, file: str, shown: str) -> None:
    html = f'<p><img src="https://blog.example/{file}" alt="{alternative}" title="{alternative}"></p>'
    (image,) = parse(prepare(html, url="", title="", level=3, whole=True)).iter("img")
    assert (image.get("alt"), image.get("title")) == (shown, shown or None)
