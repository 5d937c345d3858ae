"""The mail as a browser and as Word lay it out: nothing wider than the screen, nothing too small, nothing unnamed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from lxml import html as lxml_html
from playwright.sync_api import Browser, Page

from newsletter.domain.found_post import Image
from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, nasty, picture, post

pytestmark = pytest.mark.browser

WIDTH = "document.documentElement.scrollWidth"
SMALLEST = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let smallest = 1000;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const hidden = style.display === 'none' || element.closest('[style*="display:none"]');
    if (walker.currentNode.textContent.trim() && !hidden)
      smallest = Math.min(smallest, parseFloat(style.fontSize));
  }
  return smallest;
}"""
DOUBLE = """() => {
  const all = [...document.querySelectorAll('body *')];
  const sizes = all.map((element) => parseFloat(getComputedStyle(element).fontSize));
  all.forEach((element, at) => { element.style.fontSize = 2 * sizes[at] + 'px'; });
}"""


LOOKS = [
    ("nb", "letter"),
    ("ar", "letter"),
    ("nb", "magazine"),
    ("ar", "magazine"),
    ("nb", "cards"),
    ("nb", "brief"),
    ("nb", "plain"),
]


@pytest.fixture(scope="module", params=LOOKS, ids="-".join)
def html(request: pytest.FixtureRequest) -> str:
    language, design = request.param
    posts = [nasty(), post(0, image=picture()), post(1, language="ar"), *(post(n) for n in range(2, 8))]
    head = letterhead(language=language, design=design)
    return render(digest(posts, letterhead=head, greeting="Hei!", headlines=(post(30, html=""),))).html


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort())
    yield page
    page.close()


@pytest.fixture
def screen(window: Page) -> Page:
    """The page of all tests of this module, light and wide again."""
    window.set_viewport_size({"width": 1280, "height": 720})
    window.emulate_media(color_scheme="light")
    return window


@pytest.mark.parametrize("width", [320, 375, 700])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_screen_and_is_large_enough(screen: Page, html: str, width: int, scheme: Any) -> None:
    screen.set_viewport_size({"width": width, "height": 800})
    screen.emulate_media(color_scheme=scheme)
    screen.set_content(html)
    assert screen.evaluate(WIDTH) == width
    assert screen.evaluate(SMALLEST) >= 14


def test_a_picture_that_does_not_load_makes_no_phone_scroll(screen: Page) -> None:
    picture_alone = '<p><img src="https://x.example/a.png" alt="" width="1200" height="400"></p>'
    screen.set_viewport_size({"width": 375, "height": 800})
    screen.set_content(render(digest([post(0, html=picture_alone)])).html)
    assert screen.evaluate(WIDTH) == 375


TABLE = "<table>" + "<tr><th>Harvests</th></tr><tr>" + "<td>1234567890</td>" * 12 + "</tr></table>"
BROKEN_CELLS = """() => [...document.querySelectorAll('.post td, .post th, .panel td, .panel th')].filter((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
}).length"""


@pytest.mark.parametrize("width", [320, 375, 700])
def test_a_wide_table_scrolls_and_breaks_no_number(screen: Page, width: int) -> None:
    screen.set_viewport_size({"width": width, "height": 800})
    screen.set_content(render(digest([post(0, html=TABLE)])).html)
    assert screen.evaluate(WIDTH) == width
    assert screen.evaluate(BROKEN_CELLS) == 0
    assert screen.locator(".wide").evaluate("(box) => box.scrollWidth > box.clientWidth")


@pytest.mark.parametrize(("width", "beside"), [(375, False), (700, True)])
def test_an_image_is_beside_its_text_where_there_is_room(screen: Page, width: int, beside: bool) -> None:
    edition = digest([post(0), post(1, image=picture())], letterhead=letterhead(design="magazine"))
    screen.set_viewport_size({"width": width, "height": 800})
    screen.set_content(render(edition).html)
    image, text = screen.locator(".side img").bounding_box(), screen.locator(".beside h2, .beside h3").bounding_box()
    assert image is not None
    assert text is not None
    assert (text["x"] >= image["x"] + image["width"]) is beside
    assert (text["y"] >= image["y"] + image["height"]) is not beside
    assert image["width"] == pytest.approx(184 if beside else 375 - 48, abs=1)


@pytest.mark.parametrize("width", [375, 700])
def test_a_magazines_headlines_are_at_one_distance_from_the_pictures_above_them(screen: Page, width: int) -> None:
    posts = [post(0, image=picture()), post(1), post(2, image=picture())]
    edition = digest(posts, letterhead=letterhead(design="magazine"))
    screen.set_viewport_size({"width": width, "height": 800})
    screen.set_content(render(edition).html)
    above = screen.evaluate("""() => [...document.querySelectorAll('.cover img')].map((image) => {
      const headline = image.closest('.row').querySelector('.headline').getBoundingClientRect();
      return Math.round(headline.top - image.getBoundingClientRect().bottom);
    }).filter((gap) => gap >= 0)""")
    assert above[0] == 18
    assert above[1:] == ([14] if width == 375 else [])


def test_boxes_buttons_and_comments_are_as_far_from_the_next_text_as_paragraphs(screen: Page) -> None:
    text = "::: note\n\nBring a cup.\n\n:::\n\nBeans arrive.\n\n[Order](https://shop.example/){button}\n\nUntil Friday."
    posts = [post(0, comments_url="https://blog.example/c"), post(1)]
    edition = digest(posts, letterhead=letterhead(comments="Kommentarer"), greeting=text)
    screen.set_viewport_size({"width": 700, "height": 800})
    screen.set_content(render(edition).html)
    margins = screen.evaluate(
        """(names) => names.map((name) => [...document.querySelectorAll(name)].map(
      (element) => parseFloat(getComputedStyle(element).marginBottom)))""",
        [".comments", ".callout", ".button"],
    )
    assert margins == [[22], [22], [22]]


@pytest.mark.parametrize("contents", ["auto", "flat", "day"])
@pytest.mark.parametrize("design", ["letter", "magazine", "brief", "plain"])
def test_posts_begin_on_the_first_screen_of_a_phone(screen: Page, design: str, contents: str) -> None:
    posts = [post(n, title=f"Post {n}, and how the beans travel from the farm to the port") for n in range(30)]
    edition = digest(
        posts, letterhead=letterhead(design=design, contents=contents, tagline="Every Friday"),
        greeting="Hei!\n\nDenne uken handler alt om havner, og om bønnene som kommer og går der.",
    )  # fmt: skip
    screen.set_viewport_size({"width": 375, "height": 667})
    screen.set_content(render(edition).html)
    first = screen.locator(".headline").first.bounding_box()
    assert first is not None
    assert first["y"] < 560  # the bars of an email program take the rest


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_logo_for_dark_mode_takes_the_place_of_the_other(screen: Page, scheme: Any) -> None:
    logos = {f"logo{kind}": f"https://x.example/{kind or 'light'}.png" for kind in ("", "_dark")}
    screen.emulate_media(color_scheme=scheme)
    screen.set_content(render(digest(letterhead=letterhead(**logos))).html)
    shown = [image.get_attribute("src") for image in screen.locator("h1 img").all() if image.is_visible()]
    assert shown == [logos["logo_dark" if scheme == "dark" else "logo"]]


def test_a_logo_without_a_dark_form_stands_on_white_in_dark_mode(screen: Page) -> None:
    screen.emulate_media(color_scheme="dark")
    screen.set_content(render(digest(letterhead=letterhead(logo="https://x.example/black-on-nothing.png"))).html)
    ground = screen.locator("h1 img").evaluate("(logo) => getComputedStyle(logo).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


FIRST_LETTERS = """() => [...document.querySelectorAll('.contents li')].map((item) => {
  const walker = document.createTreeWalker(item, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && !walker.currentNode.textContent.trim());
  const range = document.createRange();
  range.setStart(walker.currentNode, 0);
  range.setEnd(walker.currentNode, 1);
  const [letter, line] = [range.getBoundingClientRect(), item.getBoundingClientRect()];
  return letter.width > 0 && letter.left >= line.left - 1 && letter.right <= line.right + 1;
})"""


@pytest.mark.parametrize("language", ["ar", "nb"])
@pytest.mark.parametrize("width", [375, 700])
def test_no_title_of_the_contents_is_cut_at_its_start(screen: Page, language: str, width: int) -> None:
    english = "A title in English that is much longer than the line of a phone has room for"
    arabic = "عنوان طويل جدا باللغة العربية لا يتسع له سطر واحد على شاشة هاتف صغيرة أبدا"
    posts = [post(n, title=arabic if n % 2 else english, language="ar" if n % 2 else "en") for n in range(5)]
    posts[1] = replace(posts[1], url="")
    screen.set_viewport_size({"width": width, "height": 800})
    screen.set_content(render(digest(posts, letterhead=letterhead(language=language))).html)
    assert screen.evaluate(FIRST_LETTERS) == [True] * 4
    assert screen.evaluate(WIDTH) == width


@pytest.mark.parametrize("number", [0, 1])
def test_a_portrait_of_a_magazine_is_cropped(screen: Page, number: int) -> None:
    portrait = Image("https://x.example/person.jpg", "A portrait", 900, 1600)
    edition = digest([post(n, image=portrait) for n in range(2)], letterhead=letterhead(design="magazine"))
    screen.set_viewport_size({"width": 700, "height": 800})
    screen.set_content(render(edition).html)
    box = screen.locator(".crop").nth(number).bounding_box()
    assert box is not None
    assert box["height"] == (414, 230)[number]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_line_between_parts_can_be_seen(screen: Page, scheme: Any) -> None:
    screen.emulate_media(color_scheme=scheme)
    screen.set_content(render(digest([post(0, html="<p>A</p><hr><p>B</p>")])).html)
    colour = screen.locator("hr").evaluate("(line) => getComputedStyle(line).borderTopColor")
    assert colour == {"light": "rgb(185, 177, 164)", "dark": "rgb(110, 104, 95)"}[scheme]


@pytest.mark.parametrize(("wide", "high"), [(600, 200), (40, 20), (2000, 100)])
def test_a_logo_keeps_its_shape_and_is_no_higher_than_a_line(screen: Page, wide: int, high: int) -> None:
    logo, drawing = (
        f"https://x.example/logo-{wide}.png",
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{high}'/>",
    )
    screen.route(logo, lambda route: route.fulfill(body=drawing, content_type="image/svg+xml"))
    screen.set_viewport_size({"width": 375, "height": 800})
    screen.set_content(render(digest(letterhead=letterhead(logo=logo))).html)
    screen.wait_for_function("document.querySelector('h1 img').complete")
    box = screen.locator("h1 img").bounding_box()
    assert box is not None
    assert box["height"] <= 48
    assert box["width"] <= 375 - 48
    assert box["width"] / box["height"] == pytest.approx(wide / high, rel=0.05)


def test_without_style_sheets_and_images_at_double_size(screen: Page, html: str) -> None:
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    bare = re.sub(r'<img[^>]*?alt="([^"]*)"[^>]*>', r"\1", bare)
    screen.set_viewport_size({"width": 320, "height": 800})
    screen.set_content(bare)
    assert screen.evaluate(SMALLEST) >= 14
    screen.evaluate(DOUBLE)
    assert screen.evaluate(WIDTH) == 320
    assert screen.evaluate(SMALLEST) >= 28


def test_dark_mode_is_dark(screen: Page, html: str) -> None:
    screen.emulate_media(color_scheme="dark")
    screen.set_content(html)
    assert screen.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(25, 24, 22)"
    text = screen.locator(":is(.post, .panel) p:not(.meta)").last
    assert text.evaluate("(paragraph) => getComputedStyle(paragraph).color") == "rgb(235, 231, 223)"


def in_reading_order(nodes: dict[str, Any], root: str) -> Iterator[Any]:
    """The nodes of an accessibility tree, each before those in it."""
    yield nodes[root]
    for child in nodes[root].get("childIds", ()):
        if child in nodes:
            yield from in_reading_order(nodes, child)


def test_the_accessibility_tree(screen: Page, html: str) -> None:
    """Headings come in order, and every link and every picture that says something has a name."""
    screen.set_content(html)
    client = screen.context.new_cdp_session(screen)
    nodes = {node["nodeId"]: node for node in client.send("Accessibility.getFullAXTree")["nodes"]}
    seen = [node for node in in_reading_order(nodes, next(iter(nodes))) if not node["ignored"]]
    levels = []
    for node in seen:
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        if role in ("link", "image", "heading"):
            assert name.strip(), node
        if role == "heading":
            levels.append(next(p["value"]["value"] for p in node["properties"] if p["name"] == "level"))
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {"table", "cell", "row"}.isdisjoint(node["role"]["value"] for node in seen)


def test_the_layout_in_word(html: str) -> None:
    """With the MSO branches resolved as Word does, tables nest rightly, none wider than the mail or its cell."""
    word = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    word = re.sub(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", word, flags=re.DOTALL)
    assert "<!--" not in word
    opened: list[str] = []
    for closing, tag in re.findall(r"<(/?)(table|tbody|tr|td|div)\b", word.partition("<body")[2]):
        if not closing:
            opened.append(tag)
        else:
            assert opened.pop() == tag
    assert opened == []
    tables = lxml_html.document_fromstring(word).findall(".//table[@width]")
    assert {"600", "100%"} <= {table.get("width") for table in tables} <= {"600", "552", "100%"}
