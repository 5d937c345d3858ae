"""Pictures of every design with five kinds of blogs: `python -m tests.render.pictures FOLDER [DESIGN] [BLOG]`.

For each design and blog there are three pictures. `-screens` has phones and desktops, light and dark. `-bare` has the
email without style sheets, without images, and about as Word lays it out, which Outlook on Windows uses. `-inverted`
has it as programs show it that invert colours themselves.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Route, sync_playwright

from newsletter.render.edition import render
from newsletter.render.preview import recipient_html
from newsletter.render.theme.designs import DESIGNS
from tests.conftest import CHROMIUM, FLAGS
from tests.render.blogs import BLOGS, posts_of
from tests.render.samples import digest, letterhead, recipient

HEIGHT = 2600
GAP = 24
IGNORED_BY_WORD = re.compile(
    r"(?:max-width|max-height|border-radius|overflow-x|overflow|table-layout|display|text-underline-offset|"
    r"text-decoration-color|text-decoration-thickness|word-break)\s*:[^;\"]*;?"
)


def html_of(design: str, blog: str) -> str:
    """An edition of the blog's posts, as a reader gets it."""
    language = "ar" if blog == "languages" and design in ("magazine", "plain") else "en"
    head = letterhead(
        design=design, title="The Quay Weekly", language=language, postal_address="Quay 1, 5003 Bergen",
        tagline="News from the harbour", share=("email",), links={"Mastodon": "https://social.example/@quay"},
    )  # fmt: skip
    edition = digest(
        posts_of(blog), letterhead=head, greeting="Hello {name|reader}! Here is **what happened this week**.",
        subject="Night ferry stays, and 5 more", closing="See you on Friday.",
    )  # fmt: skip
    return recipient_html(render(edition), head, recipient())


def word_branches(html: str) -> str:
    """The HTML with the branches for Outlook, and without those for others."""
    html = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    return re.sub(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)


def as_word_has_it(html: str) -> str:
    """The branches for Outlook, without most of what Word ignores."""
    html = word_branches(html)
    html = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", html)
    html = re.sub(r'style="[^"]*"', lambda style: IGNORED_BY_WORD.sub("", style[0]), html)
    html = re.sub(r'(<img [^>]*style="[^"]*)width:100%', r"\1", html)
    html = re.sub(r"(<(?:p|div|h\d|ul|ol|blockquote|a)\b[^>]*style=\"[^\"]*?)(?<!-)padding:[^;\"]*;?", r"\1", html)
    return re.sub(r"(<h\d\b[^>]*style=\"[^\"]*?)mso-padding-alt:", r"\1padding:", html)


def inverted(html: str) -> str:
    """The HTML as programs show it that invert light emails and ignore their colours for dark mode: Gmail on iPhones
    inverts all colours and keeps hues, images stay.
    """
    forced = (
        "html { filter: invert(1) hue-rotate(180deg); background: #fff } img { filter: invert(1) hue-rotate(180deg) }"
    )
    light = re.sub(r"@media \(prefers-color-scheme: dark\)\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", html)
    return light.replace("</head>", f"<style>{forced}</style></head>", 1)


def photograph(browser: Browser, html: str, width: int, scheme: str = "light", *, images: bool = True) -> Image.Image:
    """The top of the email."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.route("**/*", picture if images else lambda route: route.abort())
    page.set_content(html, wait_until="networkidle")
    high = min(HEIGHT, page.evaluate("document.documentElement.scrollHeight"))
    taken = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": high})
    page.close()
    return Image.open(BytesIO(taken))


def picture(route: Route) -> None:
    """Answer with a picture of a sky and the sea, whose colours depend on its address, and its size if it is there."""
    hue = sum(map(ord, route.request.url)) % 60
    said = re.search(r"_(\d+)_(\d+)\.", route.request.url)
    size = (int(said[1]), int(said[2])) if said else (1104, 620)
    sky = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", [sky.point(lambda v, c=c: min(255, v // 2 + c)) for c in (90 + hue, 120, 160 - hue)])
    ImageDraw.Draw(image).rectangle((0, size[1] * 2 // 3, *size), fill=(40 + hue, 70, 110))
    buffer = BytesIO()
    image.save(buffer, "JPEG")
    route.fulfill(body=buffer.getvalue(), content_type="image/jpeg")


def beside(pictures: list[Image.Image]) -> Image.Image:
    """The pictures beside each other on grey."""
    sheet = Image.new(
        "RGB", (sum(p.width + GAP for p in pictures) + GAP, max(p.height for p in pictures) + 2 * GAP), "#999"
    )
    left = GAP
    for each in pictures:
        sheet.paste(each, (left, GAP))
        left += each.width + GAP
    return sheet


def sheets(browser: Browser, html: str) -> Iterator[tuple[str, Image.Image]]:
    """The pictures of an email."""
    screens = [(375, "light"), (375, "dark"), (700, "light"), (700, "dark")]
    yield "screens", beside([photograph(browser, html, width, scheme) for width, scheme in screens])
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    yield "bare", beside([
        photograph(browser, bare, 375),
        photograph(browser, html, 375, images=False),
        photograph(browser, bare, 700, images=False),
        photograph(browser, as_word_has_it(html), 700),
    ])  # fmt: skip
    yield "inverted", beside([photograph(browser, inverted(html), width) for width in (375, 700)])


def main(folder: str, *wanted: str) -> None:
    """Take the pictures."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for design in [name for name in DESIGNS if name in wanted] or DESIGNS:
            for blog in [name for name in BLOGS if name in wanted] or BLOGS:
                for kind, sheet in sheets(browser, html_of(design, blog)):
                    sheet.save(place / f"{design}-{blog}-{kind}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
