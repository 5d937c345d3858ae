"""The editor on a draft: toolbar, keys, dialogs and images; without JavaScript a plain field."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser.conftest import PERIOD, Running, desk, editor_of, open_draft, unfold, write
from tests.web.browser.labels import ADD_POST, APPROVE, TEXT

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
SAVED = re.compile(r"Saved \d")


@pytest.fixture
def page(browser: Browser, shared: Running) -> Page:
    """A draft with its introduction open in the editor."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    expect(editor_of(_field(page))).to_have_attribute("data-mode", "rich")
    return page


def _field(page: Page) -> Locator:
    return unfold(page, "greeting")


def _text(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Introduction")


def _tool(page: Page, name: str) -> Locator:
    return editor_of(page.locator("#greeting")).get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def _select(page: Page, text: str) -> None:
    """Select these words in the introduction."""
    _text(page).evaluate(
        """(editor, text) => {
          const walk = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
          while (walk.nextNode() && !walk.currentNode.data.includes(text)) { /* the next one */ }
          const start = walk.currentNode.data.indexOf(text);
          editor.focus();
          getSelection().setBaseAndExtent(walk.currentNode, start, walk.currentNode, start + text.length);
        }""",
        text,
    )
    selected = "({ state: { doc, selection: { from, to } } }) => doc.textBetween(from, to)"
    page.wait_for_function(
        f"text => ({selected})(document.querySelector('#f-greeting markdown-editor').editor) === text", arg=text
    )


def _go_behind(page: Page, text: str) -> None:
    _select(page, text)
    _text(page).evaluate(
        "text => text.closest('markdown-editor').editor.commands.command("
        "({ tr, commands }) => commands.setTextSelection(tr.selection.to))"
    )


def _image(width: int = 1600, height: int = 800) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_keys_and_buttons_format_the_selection(page: Page) -> None:
    _text(page).click()
    page.keyboard.type("En viktig sak")
    _select(page, "viktig")
    page.keyboard.press("Control+b")
    expect(_field(page)).to_have_value("En **viktig** sak")
    expect(_tool(page, "Bold")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+i")
    expect(_field(page)).to_have_value("En **_viktig_** sak")
    page.keyboard.press("Control+b")
    expect(_field(page)).to_have_value("En *viktig* sak")
    _tool(page, "Italic").click()
    expect(_field(page)).to_have_value("En viktig sak")
    page.keyboard.press("Control+z")
    expect(_field(page)).to_have_value("En *viktig* sak")
    for name, markdown in (("List", "- En *viktig* sak"), ("Numbered list", "1. En *viktig* sak")):
        _tool(page, name).click()
        expect(_field(page)).to_have_value(markdown)
    _tool(page, "Numbered list").click()
    _tool(page, "Quotation").click()
    expect(_field(page)).to_have_value("> En *viktig* sak")
    _tool(page, "Quotation").click()
    _tool(page, "Heading").click()
    expect(_field(page)).to_have_value("## En *viktig* sak")
    expect(page.locator("#saved")).to_contain_text(SAVED)


def test_the_toolbar_is_one_stop_of_the_tab_key(page: Page) -> None:
    page.locator("#f-greeting summary").focus()
    page.keyboard.press("Tab")
    expect(_tool(page, "Heading")).to_be_focused()
    for key, name in (
        ("ArrowRight", "Subheading"),
        ("End", "Markdown"),
        ("ArrowRight", "Heading"),
        ("ArrowLeft", "Markdown"),
    ):
        page.keyboard.press(key)
        expect(_tool(page, name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(_text(page)).to_be_focused()
    page.keyboard.press("Alt+F10")
    expect(_tool(page, "Markdown")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_field(page)).to_be_focused()
    page.keyboard.type("Hei *du*")
    _tool(page, "Markdown").click()
    expect(_text(page).locator("em")).to_have_text("du")


def test_a_link_a_button_and_the_name_reach_the_email(page: Page) -> None:
    _text(page).click()
    page.keyboard.type("Hei , les saken")
    _select(page, "saken")
    page.keyboard.press("Control+k")
    link = page.get_by_role("dialog", name="Link")
    expect(link.get_by_label("Link text")).to_have_value("saken")
    link.get_by_label("Web address").fill("kinaforum.example/te")
    page.keyboard.press("Enter")
    expect(_field(page)).to_have_value("Hei , les [saken](https://kinaforum.example/te)")
    _go_behind(page, "Hei ")
    _tool(page, "Insert").click()
    page.get_by_role("option", name="Subscriber’s name").click()
    name = page.get_by_role("dialog", name="Subscriber’s name")
    name.get_by_role("button", name="Insert").click()
    expect(name, "a fallback is asked for").to_be_visible()
    name.get_by_label("Text for subscribers without a name").fill("leser")
    name.get_by_role("button", name="Insert").click()
    expect(_field(page)).to_have_value("Hei {name|leser}, les [saken](https://kinaforum.example/te)")
    _go_behind(page, "saken")
    page.keyboard.press("Enter")
    page.keyboard.type("/button")
    page.keyboard.press("Enter")
    button = page.get_by_role("dialog", name="Button")
    button.get_by_label("Button text").fill("Bli med")
    button.get_by_label("Web address").fill("https://kinaforum.example/bli-med")
    button.get_by_role("button", name="Insert").click()
    expect(_field(page)).to_have_value(re.compile(r"\n\n\[Bli med\]\(https://kinaforum.example/bli-med\)\{button\}$"))
    expect(page.locator("#saved")).to_contain_text(SAVED)
    email = page.frame_locator("#side iframe")
    expect(email.get_by_role("link", name="Bli med")).to_be_visible()
    expect(email.get_by_role("link", name="saken")).to_be_visible()


def test_closing_a_dialog_changes_nothing(page: Page) -> None:
    _text(page).click()
    page.keyboard.type("Hei")
    _tool(page, "Link").click()
    expect(page.get_by_role("dialog", name="Link")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(_text(page)).to_be_focused()
    expect(_field(page)).to_have_value("Hei")


def test_an_image_is_uploaded_with_its_description(page: Page) -> None:
    _text(page).click()
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
    figure = _text(page).get_by_alt_text("Et hus [rødt]")
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1104
    figure.dblclick()
    dialog.get_by_label("Caption").fill("Foto: «Kari»")
    dialog.get_by_label("Width").select_option("50")
    dialog.get_by_label("Link").fill("kinaforum.example/hus")
    dialog.get_by_role("button", name="Insert").click()
    changed = r"^\[!\[.*\]\(/images/\S+\.jpg \"Foto: «Kari»\"\)\{width=50%\}\]\(https://kinaforum.example/hus\)$"
    expect(_field(page)).to_have_value(re.compile(changed))


def test_a_pasted_image_asks_for_its_description(page: Page) -> None:
    _text(page).evaluate(
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


def test_a_rewritten_post_begins_with_its_source(page: Page) -> None:
    page.get_by_role("button", name="Edit Om te").click()
    panel = page.locator("[data-write]")
    expect(panel.locator(TEXT)).to_have_value(re.compile("^Her begynner «Om te»"))
    text = panel.get_by_role("textbox", name="Text", exact=True)
    expect(text).to_contain_text("Her begynner «Om te»")
    text.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Te er **godt**.\n\n- Grønn\nSvart")
    expect(panel.locator(TEXT)).to_have_value("Te er **godt**.\n\n- Grønn\n- Svart")
    expect(page.locator(".post", has_text="Om te").get_by_text("edited")).to_be_visible()


def test_an_editor_has_at_least_twelve_lines(page: Page) -> None:
    for key in ("greeting", "closing"):
        text = editor_of(unfold(page, key)).locator(".writing > div")
        lines = text.evaluate("text => text.clientHeight / parseFloat(getComputedStyle(text).lineHeight)")
        assert lines >= 12


def test_without_javascript_texts_are_saved_and_a_post_is_added(browser: Browser, page: Page, shared: Running) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    plain.add_cookies(page.context.cookies())
    other = plain.new_page()
    other.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/")
    other.get_by_label("Subject", exact=True).fill("Et emne uten skript")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Et emne uten skript")
    other.get_by_text("Add a post").click()
    other.locator("#add-text").fill("Skrevet **uten** skript")
    other.get_by_role("button", name=ADD_POST).click()
    expect(other.locator("#add-title-said")).to_have_text("A post needs a headline.")
    expect(other.locator("#add-text")).to_have_value("Skrevet **uten** skript")
    other.locator("#add-title").fill("Et eget innlegg")
    other.get_by_role("button", name=ADD_POST).click()
    expect(other.locator(".post b", has_text="Et eget innlegg")).to_be_visible()
    plain.close()


FRAME = """() => {
  const frame = document.querySelector("#mail"), email = frame.contentDocument, top = frame.getBoundingClientRect().top;
  const box = [...email.querySelectorAll("p")].find((each) => each.textContent.includes("Siste avsnitt"))
    .getBoundingClientRect();
  return [top + box.top, top + box.bottom];
}"""


def test_the_preview_follows_the_place_where_one_writes(page: Page) -> None:
    """Without the page being scrolled, and without a new frame: its content is changed, and its size beside it."""
    page.locator("#mail").evaluate("frame => { frame.dataset.first = 'yes'; }")
    size = page.locator("label[for=size]").inner_text()
    write(unfold(page, "greeting"), "\n\n".join(f"Avsnitt {n} " + "med mange ord " * 40 for n in range(1, 30)))
    editor = editor_of(page.locator("#greeting"))
    editor.get_by_role("button", name="Markdown", exact=True).click()
    editor.locator(".writing > div").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("Siste avsnitt, her")
    expect(page.frame_locator("#mail").get_by_text("Siste avsnitt, her")).to_be_attached()
    side = page.locator("#side").bounding_box()
    assert side
    page.wait_for_function(
        f"""([top, bottom]) => {{
          const [from, to] = ({FRAME})();
          return from >= top && to <= bottom;
        }}""",
        arg=[side["y"], side["y"] + side["height"]],
    )
    assert page.locator("#mail").get_attribute("data-first") == "yes"
    assert page.locator("label[for=size]").inner_text() != size
