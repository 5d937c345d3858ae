"""A page with one editor and without a site: its files and its HTML of texts come from this process."""

from urllib.parse import parse_qs, urlsplit

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.html import escape
from playwright.sync_api import Browser, Locator, Page, Route, expect

from newsletter.render.editor_html import editor_html
from newsletter.web.desk.permissions import POLICY
from tests.web.browser.conftest import desk

SITE = "http://editor.example"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Text</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/static/desk/desk.css">
<script type="module" src="/static/desk/editor.js"></script></head><body><main><h1>Text</h1><form class="card stack">
<div class="field"><label for="text">Text</label><markdown-editor><textarea id="text" name="text" rows="12">
{text}</textarea></markdown-editor></div></form></main></body></html>"""
TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
PICTURE = "email/play.png"
PASTE = """(text, [html, plain]) => {
  const data = new DataTransfer();
  if (html) { data.setData("text/html", html); }
  data.setData("text/plain", plain);
  text.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def open_editor(browser: Browser, text: str = "", *, width: int = 1280, dark: bool = False) -> Page:
    """Open a page whose editor has this text, and wait until it can be written."""
    page = desk(browser, width=width, dark=dark).new_page()
    page.route("**/*", lambda route: _answer(route, text))
    page.goto(f"{SITE}/")
    expect(page.locator("markdown-editor")).to_have_attribute("data-mode", "rich")
    return page


def _answer(route: Route, text: str) -> None:
    path = urlsplit(route.request.url).path
    if path == "/":
        policy = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
        headers = {"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8"}
        route.fulfill(body=PAGE.replace("{text}", escape(text)), headers=headers)
    elif path == "/desk/editor/":
        route.fulfill(body=render_to_string("desk/editor.html"), content_type="text/html; charset=utf-8")
    elif path == "/desk/editor/rendered/":
        posted = parse_qs(route.request.post_data or "", keep_blank_values=True)["text"][0]
        route.fulfill(body=editor_html(posted.replace("\r\n", "\n")), content_type="text/html; charset=utf-8")
    elif path == "/desk/editor/image/":
        route.fulfill(json={"url": "/images/a.png"})
    else:
        name = path.removeprefix("/static/") if path.startswith("/static/") else PICTURE
        file = finders.find(name)
        assert isinstance(file, str), path
        route.fulfill(path=file, content_type=TYPES[name.rpartition(".")[2]])


def writing(page: Page) -> Locator:
    """The text in the editor."""
    return page.locator(".writing > div")


def markdown_of(page: Page) -> str:
    """The Markdown in the form."""
    return page.locator("#text").input_value()


def go(page: Page, place: int, until: int | None = None) -> None:
    """Put the caret at a place of the document, or select from there."""
    page.locator("markdown-editor").evaluate(
        "(host, [from, to]) => host.editor.chain().focus().setTextSelection({ from, to }).run()",
        [place, until or place],
    )


def go_to_end(page: Page) -> None:
    """Focus the editor, and press the key for the end of the document once the editor doesn't move the caret any more.

    A timer of 20 ms, set at the focus, shows the editor's own selection once more; one that is set later ends later.
    """
    page.locator("markdown-editor").evaluate(
        "host => { host.editor.view.focus(); return new Promise((done) => setTimeout(done, 40)); }"
    )
    page.keyboard.press("Control+End")
