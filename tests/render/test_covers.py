"""The images of posts in the designs: covers, cards, and what stays in the text."""

from dataclasses import replace

import pytest

from newsletter.domain.found_post import Image
from newsletter.render.content.post_images import with_cover, with_first_image
from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, picture, post
from tests.render.trees import TEXT, WIDE, illustrated, rendered, texts


def test_the_first_post_of_a_magazine_leads() -> None:
    tree = rendered([illustrated(n) for n in range(4)], design="magazine")
    (lead,) = tree.find_class("top")
    assert [element.tag for element in lead.iter("img", "h2", "h3")] == ["img", "h2"]
    headings = [e for e in tree.iter("h2", "h3") if "day" in (e.get("class") or "") or e.tag == "h2"]
    assert [" ".join(e.text_content().split()) for e in headings[:2]] == [
        "Post 0: how the beans travel",
        "fredag 6. februar 2026",
    ]
    assert texts(lead, "meta") == []


def test_a_day_whose_only_post_leads_has_no_heading() -> None:
    tree = rendered([illustrated(number) for number in (0, 3, 4, 5)], design="magazine")
    assert texts(tree, "day") == ["torsdag 5. februar 2026"]
    assert texts(tree, "meta") == ["6. februar"]


@pytest.mark.parametrize("whole", [True, False])
def test_the_picture_of_a_card_that_leads_elsewhere_is_no_cover(whole: bool) -> None:
    card = '<div class="link-card"><p><a href="https://x.example/"><img src="/x.jpg"></a></p><p>X</p></div>'
    assert with_cover(f"<p>Words.</p>{card}", whole=whole)[1] is None
    assert with_cover(f'{card}<p><img src="/a.jpg" width="900"></p>', whole=False)[1] == Image("/a.jpg", "", 900, None)


def test_a_magazine_shows_the_first_image_beside_the_text_and_no_other() -> None:
    html = f'<p>Words.</p><figure>{WIDE}<figcaption>At noon</figcaption></figure>{TEXT}<p><img src="/b.png" alt=""></p>'
    tree = rendered([post(0), post(1, html=html, whole=False)], design="magazine")
    (cover,) = tree.find_class("cover")
    assert [image.get("width") for image in cover.iter("img")] == ["184"]
    assert cover.get("href") == post(1).url
    assert len(list(tree.iter("img"))) == 1


def test_a_whole_post_in_a_magazine_keeps_all_its_images_where_they_are() -> None:
    html = f'<p>Words.</p><p>{WIDE}</p>{TEXT}<p><img src="https://blog.example/b.png" alt="B" width="400"></p>'
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert tree.find_class("cover") == []
    assert len(list(tree.iter("img"))) == 2


def test_a_whole_post_in_a_magazine_keeps_the_caption_of_its_cover() -> None:
    html = f"<figure><a href='https://blog.example/'>{WIDE}</a><figcaption>At noon</figcaption></figure>{TEXT}"
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert len(tree.find_class("cover")) == len(list(tree.iter("img"))) == 1
    assert [caption.text_content() for caption in tree.iter("figcaption")] == ["At noon"]
    assert not [link for link in tree.iter("a") if not link.text_content().strip() and link.find(".//img") is None]


def test_a_whole_post_in_a_magazine_keeps_the_other_images_of_a_gallery() -> None:
    html = f'<figure>{WIDE}<img src="https://blog.example/b.jpg" alt="B" width="400"></figure>{TEXT}'
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert len(tree.find_class("cover")) == 1
    assert len(list(tree.iter("img"))) == 2


def test_a_small_image_is_no_cover() -> None:
    badge = '<p><img src="https://blog.example/badge.png" alt="Badge" width="90" height="20"></p>'
    assert rendered([post(0, html=badge + TEXT)], design="magazine").find_class("cover") == []


def test_a_figure_of_several_images_is_removed_once() -> None:
    gallery = '<figure><img src="https://blog.example/a.jpg"><img src="https://blog.example/b.jpg"></figure>'
    tree = rendered([post(0, html=gallery + TEXT, whole=False)], design="magazine")
    assert [image.get("src") for image in tree.iter("img")] == ["https://blog.example/a.jpg"]


def test_an_emoji_is_no_cover_and_stays_in_the_text() -> None:
    emoji = '<img src="https://s.w.org/images/core/emoji/15/72x72/1f600.png" alt="😀">'
    wide = '<img src="https://blog.example/port-1200x800.jpg" alt="">'
    tree = rendered([post(0, html=f"<p>{emoji} {wide}</p>{TEXT}", whole=False)], design="magazine")
    (image,) = tree.iter("img")
    assert (image.get("src"), image.get("height")) == ("https://blog.example/port-1200x800.jpg", "368")
    assert "😀" in tree.find_class("post")[0].text_content()


def test_the_image_of_the_feed_is_a_cover() -> None:
    image = Image("https://blog.example/episode.jpg", "", 1400, 1400)
    (cover,) = rendered([post(0, image=image)], design="magazine").find_class("cover")
    assert [picture.get("alt") for picture in cover.iter("img")] == [post(0).title]
    assert (cover.get("aria-hidden"), cover.get("tabindex")) == ("true", "-1")  # the headline says the same


def test_a_shortened_text_beside_a_picture_is_about_as_high() -> None:
    html = "<p>" + "The mule walks to the port with beans. " * 10 + "</p>"
    shortened, whole = (post(n, html=html, image=picture(), whole=n == 2) for n in (1, 2))
    fitted = replace(shortened, id="p3", cut_to_fit=True)
    tree = rendered([post(0), shortened, whole, fitted], design="magazine")
    assert sorted(each.text_content().count("The mule walks") for each in tree.find_class("beside")) == [5, 10, 10]


@pytest.mark.parametrize(
    ("width", "height", "shown"), [(480, 360, (552, 414)), (300, 225, (300, 225)), (480, 960, (480, 960))]
)
@pytest.mark.parametrize("design", ["letter", "magazine"])
def test_a_picture_above_a_text_fills_the_column_unless_it_is_small(
    design: str, width: int, height: int, shown: tuple[int, int]
) -> None:
    one = post(0, image=picture(width=width, height=height))
    (image,) = rendered([one], design=design).iter("img")
    assert (int(image.get("width")), int(image.get("height"))) == shown
    assert image.getparent().get("href") == one.url


def test_the_image_of_an_episode_is_beside_its_text_without_an_empty_line() -> None:
    card = (
        '<a href="https://blog.example/40.mp3"><img src="https://blog.example/40.jpg" alt="Salt" width="160"></a><br>'
    )
    html = f'{TEXT}<p>{card}<a href="https://blog.example/40.mp3">Salt</a><br>1 h 2 min</p>'
    image = Image("https://blog.example/40.jpg", "", 1400, 1400)
    tree = rendered([post(0), post(1, html=html, image=image)], design="magazine")
    (side,) = tree.find_class("side")
    assert [each.get("width") for each in side.iter("img")] == ["184"]
    (line,) = [each for each in tree.find_class("beside")[0].iter("td") if "1 t 2 min" in each.text_content()]
    assert [each.tag for each in line.iter()] == ["td", "a", "br"]


@pytest.mark.parametrize(("design", "width"), [("magazine", 552), ("cards", 550)])
def test_the_image_of_an_episode_that_leads_fills_the_column(design: str, width: int) -> None:
    link = (
        '<a href="https://blog.example/40.mp3"><img src="https://blog.example/40.jpg" alt="" width="160"><br>Salt</a>'
    )
    image = Image("https://blog.example/40.jpg", "", 1400, 1400)
    one = post(0, html=f"<p>{link}</p>{TEXT}", image=image, whole=False)
    (picture,) = rendered([one], design=design).iter("img")
    assert (picture.get("width"), picture.get("height")) == (str(width), str(width))


def test_a_plain_edition_shows_no_logo_and_no_images_of_shortened_posts() -> None:
    posts = [illustrated(0), post(1, html=f"<p>{WIDE}</p>")]
    tree = rendered(posts, design="plain", logo="https://x.example/logo.png")
    assert [image.get("src") for image in tree.iter("img")] == ["https://blog.example/wide.jpg"]


def test_each_card_has_its_picture_above_its_headline() -> None:
    tree = rendered([illustrated(0), illustrated(1), post(2)], design="cards")
    rows = [row for table in tree.find_class("panels") for row in table.iter("tr") if list(row.iter("img", "h3"))]
    assert [element.tag for row in rows for element in row.iter("img", "h3")] == ["img", "h3", "img", "h3", "h3"]
    assert [row[0].get("class") for row in rows] == [
        "panel-top",
        "panel panel-end below",
        "panel-top",
        "panel panel-end below",
        "panel panel-end",
    ]


def test_a_card_is_framed_once_and_takes_few_bytes() -> None:
    """The frames are cells of one table, and only Word needs to be told their font: 300 bytes less for each post."""
    html = [render(digest(posts, by="none", letterhead=letterhead(design="cards"))).html for posts in (5, 15)]
    words = len(rendered(1, by="none", design="cards").find_class("panel")[0].text_content())
    assert (len(html[1]) - len(html[0])) / 10 < words + 580


@pytest.mark.parametrize("whole", [True, False])
def test_a_video_with_a_poster_in_a_figure_stays(whole: bool) -> None:
    """WordPress has a block of a video in a figure, which emails show as a link below the poster."""
    poster = '<img src="https://blog.example/boat.jpg" alt=""><br>'
    link = f'<a href="https://blog.example/boat.mp4">{poster}▶ boat.mp4</a>'
    html = f"<figure><p>{link}</p><figcaption>In the harbour</figcaption></figure>"
    without_image = html.replace(poster, "")
    assert with_cover(html, whole=whole)[0] == (html if whole else without_image)
    picture = '<p><img src="https://blog.example/net.jpg" alt="A net"></p>'
    assert with_first_image(picture + html) == picture + without_image
