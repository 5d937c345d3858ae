"""The editor for Markdown: toolbar, keys, dialogs, images and preview; without JavaScript a plain field."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser.conftest import PERIOD, Running, desk, open_draft, unfold
from tests.web.browser.labels import ADD_POST, APPROVE, TEXT

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
SAVED = re.compile(r"Saved \d")


@pytest.fixture
def page(browser: Browser, running: Running) -> Page:
    """A draft whose editors have their toolbars."""
    page = desk(browser).new_page()
    open_draft(page, running)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    expect(page.locator("#words [role=toolbar]")).to_have_count(2)
    return page


def _field(page: Page) -> Locator:
    return unfold(page, "greeting")


def _tool(page: Page, name: str) -> Locator:
    unfold(page, "greeting")
    editor = page.locator("markdown-editor", has=page.locator("#greeting"))
    return editor.get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def _select(page: Page, start: int, end: int) -> None:
    _field(page).evaluate("(area, [from, to]) => { area.focus(); area.setSelectionRange(from, to); }", [start, end])


def _image(width: int = 1600, height: int = 800) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_keys_and_buttons_format_the_selection(page: Page) -> None:
    _field(page).fill("En viktig sak")
    _select(page, 3, 9)
    page.keyboard.press("Control+b")
    expect(_field(page)).to_have_value("En **viktig** sak")
    page.keyboard.press("Control+i")
    expect(_field(page)).to_have_value("En ***viktig*** sak")
    page.keyboard.press("Control+b")
    expect(_field(page)).to_have_value("En *viktig* sak")
    _tool(page, "Italic").click()
    expect(_field(page)).to_have_value("En viktig sak")
    page.keyboard.press("Control+z")
    expect(_field(page)).to_have_value("En *viktig* sak")
    _field(page).fill("En\nTo")
    _select(page, 0, 5)
    _tool(page, "List").click()
    expect(_field(page)).to_have_value("- En\n- To")
    _tool(page, "List").click()
    _tool(page, "Quotation").click()
    expect(_field(page)).to_have_value("> En\n> To")
    expect(page.locator("#saved")).to_contain_text(SAVED)
    page.context.close()


def test_the_toolbar_is_one_stop_of_the_tab_key(page: Page) -> None:
    unfold(page, "greeting")
    page.locator("#f-greeting summary").focus()
    page.keyboard.press("Tab")
    expect(_tool(page, "Bold")).to_be_focused()
    for key, name in (("ArrowRight", "Italic"), ("End", "Preview"), ("ArrowRight", "Bold"), ("ArrowLeft", "Preview")):
        page.keyboard.press(key)
        expect(_tool(page, name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(_field(page)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(_tool(page, "Preview")).to_be_focused()
    page.context.close()


def test_a_link_a_button_and_the_name_reach_the_email(page: Page) -> None:
    _field(page).fill("Hei , les saken")
    _select(page, 10, 15)
    page.keyboard.press("Control+k")
    link = page.get_by_role("dialog", name="Link")
    expect(link.get_by_label("Link text")).to_have_value("saken")
    link.get_by_label("Web address").fill("kinaforum.example/te")
    page.keyboard.press("Enter")
    expect(_field(page)).to_have_value("Hei , les [saken](https://kinaforum.example/te)")
    _select(page, 4, 4)
    _tool(page, "Subscriber’s name").click()
    name = page.get_by_role("dialog", name="Subscriber’s name")
    name.get_by_role("button", name="Insert").click()
    expect(name, "a fallback is asked for").to_be_visible()
    name.get_by_label("Text for subscribers without a name").fill("leser")
    name.get_by_role("button", name="Insert").click()
    expect(_field(page)).to_have_value("Hei {name|leser}, les [saken](https://kinaforum.example/te)")
    page.keyboard.press("Control+End")
    _tool(page, "Button").click()
    button = page.get_by_role("dialog", name="Button")
    button.get_by_label("Button text").fill("Bli med")
    button.get_by_label("Web address").fill("https://kinaforum.example/bli-med")
    button.get_by_role("button", name="Insert").click()
    expect(_field(page)).to_have_value(re.compile(r"\n\n\[Bli med\]\(https://kinaforum.example/bli-med\)\{button\}$"))
    expect(page.locator("#saved")).to_contain_text(SAVED)
    email = page.frame_locator("#side iframe")
    expect(email.locator(".button a", has_text="Bli med")).to_be_visible()
    expect(email.get_by_role("link", name="saken")).to_be_visible()
    page.context.close()


def test_closing_a_dialog_changes_nothing(page: Page) -> None:
    _field(page).fill("Hei")
    _tool(page, "Link").click()
    expect(page.get_by_role("dialog", name="Link")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(_field(page)).to_be_focused()
    expect(_field(page)).to_have_value("Hei")
    page.context.close()


def test_an_image_is_uploaded_with_its_description(page: Page) -> None:
    _tool(page, "Image").click()
    dialog = page.get_by_role("dialog", name="Image")
    dialog.get_by_label("File").set_input_files({"name": "hus.jpg", "mimeType": "image/jpeg", "buffer": b"no image"})
    dialog.get_by_role("button", name="Insert").click()
    expect(dialog, "a description is asked for").to_be_visible()
    dialog.get_by_label("Alt text").fill("Et hus [rødt]")
    dialog.get_by_role("button", name="Insert").click()
    expect(dialog.get_by_role("alert")).to_contain_text("This is not an image that can be used")
    dialog.get_by_label("File").set_input_files({"name": "hus.jpg", "mimeType": "image/jpeg", "buffer": _image()})
    dialog.get_by_role("button", name="Insert").click()
    pattern = re.compile(r"^!\[Et hus \\\[rødt\\\]\]\(/images/[0-9a-f]{32}-1104x552\.jpg\)$")
    expect(_field(page)).to_have_value(pattern)
    expect(page.locator("#saved")).to_contain_text(SAVED)
    shown = page.frame_locator("#side iframe").get_by_alt_text("Et hus [rødt]")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1104
    _tool(page, "Preview").click()
    preview = page.get_by_role("region", name="Preview").get_by_alt_text("Et hus [rødt]")
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1104
    page.context.close()


def test_a_pasted_image_asks_for_its_description(page: Page) -> None:
    _field(page).evaluate(
        """(area, octets) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(octets)], "hus.jpg", { type: "image/jpeg" }));
          area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true, bubbles: true }));
        }""",
        list(_image(40, 20)),
    )
    dialog = page.get_by_role("dialog", name="Image")
    expect(dialog.get_by_label("Alt text")).to_be_focused()
    page.keyboard.type("Et hus")
    page.keyboard.press("Enter")
    expect(_field(page)).to_have_value(re.compile(r"^!\[Et hus\]\(/images/\S+-40x20\.(jpg|png)\)$"))
    page.context.close()


def test_a_rewritten_post_begins_with_its_source_and_shows_a_preview(page: Page) -> None:
    page.get_by_role("button", name="Edit Om te").click()
    panel = page.locator("[data-write]")
    expect(panel.get_by_label(TEXT)).to_have_value(re.compile("^Her begynner «Om te»"))
    expect(panel.get_by_role("region", name="Preview")).to_contain_text("Her begynner «Om te»")
    panel.get_by_label(TEXT).fill("Te er **godt**.\n\n- Grønn\n- Svart")
    expect(panel.get_by_role("region", name="Preview").locator("strong")).to_have_text("godt")
    expect(panel.get_by_role("region", name="Preview").get_by_role("listitem")).to_have_count(2)
    panel.get_by_role("button", name="Save").click()
    expect(page.locator(".post", has_text="Om te").get_by_text("edited")).to_be_visible()
    page.context.close()


def test_an_editor_has_at_least_twelve_lines(page: Page) -> None:
    for area in (_field(page), unfold(page, "closing")):
        lines = area.evaluate("area => area.clientHeight / parseFloat(getComputedStyle(area).lineHeight)")
        assert lines >= 12
    page.context.close()


def test_without_javascript_a_post_is_added_with_a_plain_field(browser: Browser, page: Page, running: Running) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    plain.add_cookies(page.context.cookies())
    other = plain.new_page()
    other.goto(f"{running.url}/desk/editions/kinaforum/{PERIOD}/")
    other.get_by_text("Add a post").click()
    other.locator("#add-text").fill("Skrevet **uten** skript")
    other.get_by_role("button", name=ADD_POST).click()
    expect(other.locator("#add-title-said")).to_have_text("A post needs a headline.")
    expect(other.locator("#add-text")).to_have_value("Skrevet **uten** skript")
    other.locator("#add-title").fill("Et eget innlegg")
    other.get_by_role("button", name=ADD_POST).click()
    expect(other.locator(".post b", has_text="Et eget innlegg")).to_be_visible()
    plain.close()
    page.context.close()
