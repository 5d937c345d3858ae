"""The editor alone: its Markdown, what is pasted, the menu, the keys, and how it is seen and heard."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, expect

from newsletter.render.editor_html import editor_html
from tests.conftest import deadline
from tests.web.browser.editor_page import PASTE, go, go_to_end, markdown_of, open_editor, writing
from tests.web.browser.pasted import CORPUS, Pasted

pytestmark = pytest.mark.browser
RANDOM = Path(__file__).with_name("random_texts.js").read_text(encoding="utf-8")
ADD_FIELD = """() => {
  const field = document.querySelector(".field").cloneNode(false);
  field.id = "added";
  field.innerHTML = '<label for="b">B</label><markdown-editor><textarea id="b">Mer</textarea></markdown-editor>';
  window.second = field.querySelector("markdown-editor");
  document.querySelector("form").prepend(field);
}"""
LOAD = """async () => {
  window.parts = await import("/static/desk/editor/view.js");
  window.schema = document.querySelector("markdown-editor").editor.schema;
  window.meaning = (doc) => {
    const list = [];
    doc.descendants((node) => {
      const marks = node.marks.map((mark) => mark.type.name + JSON.stringify(mark.attrs)).sort().join();
      const text = node.isText ? node.text.replace(/\\s+/g, "") : "", last = list.at(-1);
      if (text && last && last[0] === marks) { last[1] += text; }
      else if (text) { list.push([marks, text]); }
      else if (node.isBlock && node.textContent.trim()) { list.push([node.type.name, ""]); }
      else if (node.isLeaf && !node.isText && node.type.name !== "hardBreak") {
        list.push([node.type.name, JSON.stringify(node.attrs)]);
      }
    });
    return list;
  };
}"""
LETTER_BEFORE_NAME = """{ type: "doc", content: [{ type: "paragraph", content: [
  { type: "text", text: "x.", marks: [{ type: "bold" }, { type: "italic" }] },
  { type: "text", text: "a", marks: [{ type: "bold" }] },
  { type: "token", attrs: { token: "{name}" } },
] }] }"""
SAMPLE = """## Uken i Kina

Kjære {name|leser}, en **viktig** *sak* med `kode`, ~~feil~~ og [lenke](https://example.org/a).

- Grønn
  - Jasmin
- Svart

1. Først

> Sitat

| By | Tid |
| --- | --- |
| Oslo | 18 |

![Et hus](/images/a.png "Foto: Kari"){width=50%}

![Ett](/images/a.png)
![To](/images/b.png)

[Bli med](https://example.org/b){button}

::: sponsor
Fra **Bokhandelen**
:::

https://youtu.be/abcdef

---

```
a = 1
```"""


def test_markdown_means_the_same_after_a_round_trip(browser: Browser) -> None:
    """Random documents, of words that mean something in Markdown: written, read by the server, and written again."""
    page = open_editor(browser)
    page.evaluate(LOAD)
    written = page.evaluate(
        f"window.docs = [{LETTER_BEFORE_NAME}, ...({RANDOM})(1, 150)].map((json) => schema.nodeFromJSON(json)), "
        "docs.map(parts.serialize)"
    )
    read = "htmls => (window.docs = htmls.map((html) => parts.parse(schema, html)), docs.map(parts.serialize))"
    before = page.evaluate("docs.map(meaning)")
    again = page.evaluate(read, [editor_html(each) for each in written])
    after = page.evaluate("docs.map(meaning)")
    for markdown, meant, got in zip(written, before, after, strict=True):
        assert meant == got, markdown
    assert page.evaluate(read, [editor_html(each) for each in again]) == again
    page.context.close()


def test_a_text_stays_as_it_was_written_until_it_is_changed(browser: Browser) -> None:
    text = "Hei *du*,\nsom leser\n* En\n* To\n\n" + SAMPLE
    page = open_editor(browser, text)
    go_to_end(page)
    assert markdown_of(page) == text
    page.keyboard.type("x")
    assert markdown_of(page) == "Hei *du*, som leser\n\n- En\n- To\n\n" + SAMPLE + "\n\nx"
    page.keyboard.press("Backspace")
    assert markdown_of(page) == text
    page.context.close()


@pytest.mark.parametrize("pasted", CORPUS, ids=lambda pasted: pasted.program)
def test_what_is_pasted_keeps_its_structure_and_drops_the_rest(browser: Browser, pasted: Pasted) -> None:
    page = open_editor(browser)
    writing(page).click()
    writing(page).evaluate(PASTE, [pasted.html, pasted.text])
    assert markdown_of(page) == pasted.markdown
    status = page.locator("markdown-editor [role=status]")
    expect(status).to_have_text(re.compile("could not be pasted.* 1$" if "file:///" in pasted.html else "^$"))
    page.context.close()


def test_images_that_are_dropped_together_are_all_inserted_between_paragraphs(browser: Browser) -> None:
    page = open_editor(browser, "Den første linjen\n\nDen andre")
    writing(page).locator("p").first.evaluate(
        """(paragraph) => {
          const data = new DataTransfer(), { left, top, height } = paragraph.getBoundingClientRect();
          ["a", "b"].forEach((name) => data.items.add(new File(["x"], `${name}.png`, { type: "image/png" })));
          const at = { clientX: left + 40, clientY: top + height / 2 };
          const event = { dataTransfer: data, bubbles: true, cancelable: true, ...at };
          paragraph.dispatchEvent(new DragEvent("drop", event));
        }"""
    )
    dialog = page.get_by_role("dialog", name="Image")
    for words in ("En", "To"):
        expect(dialog.get_by_label("Alt text")).to_have_value("")
        dialog.get_by_label("Alt text").fill(words)
        dialog.get_by_role("button", name="Insert").click()
    expect(dialog).to_be_hidden()
    images = "![En](/images/a.png)\n![To](/images/a.png)"
    assert markdown_of(page) == f"{images}\n\nDen første linjen\n\nDen andre"
    page.context.close()


@pytest.mark.parametrize("typed", ["https://foo bar", "javascript:alert(1)", "ftp://example.org/a"])
def test_a_button_wants_an_address_that_can_be_linked_to(browser: Browser, typed: str) -> None:
    page = open_editor(browser, "Tekst")
    go_to_end(page)
    page.locator("markdown-editor").evaluate("host => { host.run('button'); }")
    dialog = page.get_by_role("dialog", name="Button")
    dialog.get_by_label("Text").fill("Les mer")
    field = dialog.get_by_label("Web address")
    field.fill(typed)
    dialog.get_by_role("button", name="Insert").click()
    is_refused = "() => document.querySelector('#button-url').validationMessage.includes('not a web address')"
    page.wait_for_function(is_refused)
    assert markdown_of(page) == "Tekst"
    field.fill("example.org/a")
    dialog.get_by_role("button", name="Insert").click()
    expect(dialog).to_be_hidden()
    assert "[Les mer](https://example.org/a){button}" in markdown_of(page)
    page.context.close()


def test_a_pasted_address_links_the_selection_or_makes_a_card(browser: Browser) -> None:
    page = open_editor(browser, "Les saken")
    go(page, 5, 10)
    writing(page).evaluate(PASTE, ["", "https://example.org/te"])
    page.keyboard.type(" nå")
    assert markdown_of(page) == "Les [saken](https://example.org/te) nå"
    page.keyboard.press("Enter")
    writing(page).evaluate(PASTE, ["", "https://youtu.be/abcdef"])
    page.keyboard.type("Se www: ")
    writing(page).evaluate(PASTE, ["", "https://example.org/x"])
    written = "Les [saken](https://example.org/te) nå\n\nhttps://youtu.be/abcdef\n\nSe www: <https://example.org/x>"
    assert markdown_of(page) == written
    page.context.close()


def test_markdown_is_formatted_as_it_is_typed(browser: Browser) -> None:
    page = open_editor(browser)
    writing(page).click()
    page.keyboard.type("# Tittel\n### Under\nEn **viktig** `x` ~~y~~ *z* {name|leser}!\n- en\nto\n")
    page.keyboard.press("Tab")
    page.keyboard.type("tre\n\n\n3. a\nb\n\n> sitat\n\n---\n::: tip Råd\n\n\n``` kode")
    assert markdown_of(page) == (
        "## Tittel\n\n### Under\n\nEn **viktig** `x` ~~y~~ *z* {name|leser}!\n\n- en\n- to\n  - tre\n\n"
        "3. a\n4. b\n\n> sitat\n\n---\n\n::: tip\nRåd\n:::\n\n```\nkode\n```"
    )
    page.context.close()


def test_the_menu_after_a_slash_inserts_by_keyboard(browser: Browser) -> None:
    page = open_editor(browser)
    menu = page.get_by_role("listbox", name="Insert")
    writing(page).click()
    page.keyboard.type("/")
    expect(menu.get_by_role("option", selected=True)).to_have_accessible_name("Heading")
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("option", selected=True)).to_have_accessible_name("Code block")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.keyboard.type("tab")
    expect(menu).to_be_hidden()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("/tab")
    expect(menu.get_by_role("option")).to_have_accessible_name("Table")
    marked = menu.get_by_role("option").get_attribute("id")
    assert marked
    expect(writing(page)).to_have_attribute("aria-activedescendant", marked)
    page.keyboard.press("Enter")
    page.keyboard.type("By")
    page.keyboard.press("Tab")
    page.keyboard.type("Tid | sted")
    assert markdown_of(page).startswith("| By | Tid \\| sted |\n| --- | --- |\n|  |  |")
    toolbar = page.get_by_role("toolbar")
    toolbar.get_by_role("button", name="Add column").click()
    page.keyboard.press("ArrowDown")
    toolbar.get_by_role("button", name="Remove row").click()
    assert markdown_of(page).startswith("| By | Tid \\| sted |  |\n")
    for _again in range(2):
        toolbar.get_by_role("button", name="Insert").click()
        expect(menu).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
    page.context.close()


def test_images_are_set_side_by_side_and_boxes_removed(browser: Browser) -> None:
    page = open_editor(browser, "![A](/images/a.png)\n\n![B](/images/b.png)\n\n::: note\nHei\n:::")
    toolbar = page.get_by_role("toolbar")
    expect(page.get_by_role("note", name="Note box")).to_have_text("Hei")
    expect(toolbar.get_by_role("button", name="Bold")).to_have_accessible_description("")
    page.get_by_alt_text("B").click()
    toolbar.get_by_role("button", name="Side by side").click()
    assert markdown_of(page).startswith("![A](/images/a.png)\n![B](/images/b.png)\n\n")
    boxes = [page.get_by_alt_text(name).bounding_box() for name in "AB"]
    first, second = boxes
    assert first
    assert second
    assert first["y"] == second["y"]
    assert first["x"] < second["x"]
    expect(toolbar.get_by_role("button", name="Side by side")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    assert markdown_of(page) == "![A](/images/a.png)\n\n::: note\nHei\n:::"
    writing(page).get_by_text("Hei").click()
    toolbar.get_by_role("button", name="Warning box").click()
    assert markdown_of(page).endswith("::: warning\nHei\n:::")
    toolbar.get_by_role("button", name="Remove box").click()
    assert markdown_of(page) == "![A](/images/a.png)\n\nHei"
    page.context.close()


def test_a_link_is_typed_and_pasted_as_markdown(browser: Browser) -> None:
    page = open_editor(browser)
    writing(page).click()
    page.keyboard.type("See [the **old** map](https://example.org/a), [page](/b), ")
    page.keyboard.type("not [this](that) or ![x](https://example.org/c). ")
    links = writing(page).get_by_role("link")
    expect(links).to_have_text(["the old map", "page"])
    writing(page).evaluate(PASTE, ["", "And [one](https://example.org/d) and [two](mailto:a@example.org)."])
    expect(links).to_have_text(["the old map", "page", "one", "two"])
    assert markdown_of(page).endswith("And [one](https://example.org/d) and [two](mailto:a@example.org).")
    page.context.close()


def test_tables_and_images_of_markdown_are_pasted_as_such(browser: Browser) -> None:
    page = open_editor(browser)
    writing(page).click()
    table = "| City | Time |\n|:-----|-----:|\n| Oslo | 18 \\| 19 |\n| Bergen |"
    text = f"Before\n\n{table}\n\n![The quay](https://example.org/quay.jpg)\n\nA | B\nand no table"
    writing(page).evaluate(PASTE, ["", text])
    assert markdown_of(page) == (
        "Before\n\n| City | Time |\n| --- | --- |\n| Oslo | 18 \\| 19 |\n| Bergen |  |\n\n"
        "![The quay](https://example.org/quay.jpg)\n\nA | B\\\nand no table"
    )
    page.context.close()


def test_a_list_of_word_ends_before_a_numbered_heading(browser: Browser) -> None:
    page = open_editor(browser)
    writing(page).click()
    mark = "<span style='mso-list:Ignore'>{}<span>&nbsp;&nbsp;</span></span>"
    html = (
        f"<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>{mark.format('·')}Tea</p>"
        f"<h2 style='mso-list:l1 level1 lfo2'>{mark.format('2.')}Trains</h2><p class=MsoNormal>They run.</p>"
    )
    writing(page).evaluate(PASTE, [html, "Tea"])
    expect(writing(page).get_by_role("listitem")).to_have_text(["Tea"])
    expect(writing(page).get_by_role("heading")).to_contain_text("Trains")
    page.context.close()


def test_blocks_and_items_are_moved_by_keyboard(browser: Browser) -> None:
    page = open_editor(browser, "One\n\n- a\n- b\n- c\n\nTwo\n\n![A](/images/a.png)")
    writing(page).click()
    go(page, 4)
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.type("!")
    assert markdown_of(page) == "- a\n- b\n- c\n\nOne!\n\nTwo\n\n![A](/images/a.png)"
    go(page, 9)
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    assert markdown_of(page).startswith("- b\n- a\n- c\n\n")
    page.get_by_alt_text("A").click()
    expect(page.locator(".ProseMirror-selectednode")).to_have_count(1)
    for _again in range(4):
        page.keyboard.press("Alt+ArrowUp")
    assert markdown_of(page).startswith("![A](/images/a.png)\n\n- b\n- a\n- c\n\n")
    page.context.close()


def test_what_is_selected_has_tools_below_the_text_which_does_not_move(browser: Browser) -> None:
    page = open_editor(browser, "See [the map](https://example.org/a)\n\n::: note\nHello\n:::\n\nEnd")
    end, toolbar = writing(page).get_by_text("End"), page.get_by_role("toolbar")
    end.click()
    before = end.bounding_box()
    writing(page).get_by_role("link").click()
    expect(toolbar.get_by_text("https://example.org/a", exact=True)).to_be_visible()
    assert end.bounding_box() == before
    writing(page).get_by_text("Hello").click()
    expect(toolbar.get_by_role("button", name="Remove box")).to_be_visible()
    expect(toolbar.get_by_text("https://example.org/a", exact=True)).to_be_hidden()
    assert end.bounding_box() == before
    page.context.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_editor_is_accessible_and_fits(browser: Browser, width: int, dark: bool) -> None:
    page = open_editor(browser, SAMPLE, width=width, dark=dark)
    page.get_by_alt_text("Et hus").click()
    page.get_by_role("toolbar").get_by_role("button", name="Insert").click()
    expect(page.get_by_role("listbox", name="Insert")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = """() => [...document.querySelectorAll(".tools button")].filter((each) => each.offsetParent)
      .map((each) => each.getBoundingClientRect()).filter((box) => box.width < 32 || box.height < 40).length"""
    assert page.evaluate(small) == 0
    page.context.close()


def test_a_text_that_goes_away_while_its_editor_is_made_leaves_no_error(browser: Browser) -> None:
    """As a post's panel does that is saved before the server has made HTML of its text."""
    page = open_editor(browser, "Les saken")
    pending: list[Route] = []
    page.route("**/rendered/", lambda route: pending.append(route))
    page.evaluate(ADD_FIELD)
    with deadline(20):
        while not pending:
            page.wait_for_timeout(10)
    page.evaluate("document.getElementById('added').remove()")
    pending[0].fulfill(body="<p>Mer</p>", content_type="text/html; charset=utf-8")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("Boolean(window.second.editor)") is False
    page.context.close()


def test_a_key_that_is_pressed_as_a_dialog_closes_is_typed_where_the_caret_was(browser: Browser) -> None:
    """The browser says only later that the dialog is closed, and would put the caret at the beginning of the text."""
    page = open_editor(browser, "Les saken nå")
    page.evaluate("document.addEventListener('close', () => document.execCommand('insertText', false, 'x'), true)")
    for key, place, written in (("Escape", 10, "Les sakenx nå"), ("Enter", 11, "Les sakenx{name|leser}x nå")):
        go(page, place)
        page.locator("markdown-editor").evaluate("host => { host.run('name'); }")
        page.get_by_role("dialog").get_by_role("textbox").fill("leser")
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#text")).to_have_value(written)
    page.context.close()


def test_a_text_that_goes_away_behind_a_dialog_leaves_no_error(browser: Browser) -> None:
    page = open_editor(browser, "Les saken")
    go(page, 5, 10)
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_role("textbox", name="Web address").fill("https://example.org/te")
    page.evaluate("document.querySelector('.field:has(#text)').remove()")
    page.get_by_role("dialog").get_by_role("button", name="Insert").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.context.close()
