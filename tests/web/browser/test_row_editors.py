"""Topics, limits of domains and filters in rows: by keyboard, without scripts, after a closed tab, and by axe."""

import tomllib

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser.conftest import Running, desk, open_draft, sign_in
from tests.web.browser.test_pages import troubles_of

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
TOPICS = "/desk/settings/n/kinaforum/topics/"
DELIVERY = "/desk/settings/site/delivery/"
SCHEDULE = "/desk/settings/n/kinaforum/schedule/"


def _written(shared: Running) -> dict[str, object]:
    return tomllib.loads((shared.site.folder / "config.toml").read_text(encoding="utf-8"))


def _topics(shared: Running) -> object:
    newsletters = _written(shared)["newsletters"]
    assert isinstance(newsletters, dict)
    return newsletters["kinaforum"].get("topics")


def _add_by_keyboard(page: Page, name: str, word: str) -> None:
    page.locator("summary:visible", has_text="Add a topic").last.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(name)
    for _ in ("title", "categories", "words"):
        page.keyboard.press("Tab")
    page.keyboard.type(word)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
def test_rows_are_filled_by_keyboard_and_accessible(browser: Browser, shared: Running, width: int, dark: bool) -> None:
    page = desk(browser, width=width, dark=dark).new_page()
    sign_in(page, shared)
    page.goto(shared.url + TOPICS)
    expect(page.locator("summary:visible", has_text="Add a topic")).to_have_count(1)
    _add_by_keyboard(page, "tea", "te")
    _add_by_keyboard(page, "Not a name", "roman")
    troubles = list(troubles_of(page, "with new topics"))
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("[name='topics:1:name']")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name='topics:1:words']")).to_have_value("roman")
    troubles += troubles_of(page, "with a wrong topic")
    page.locator("[name='topics:1:name']").fill("novels")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert _topics(shared) == {"tea": {"words": ["te"]}, "novels": {"words": ["roman"]}}
    for path in (DELIVERY, SCHEDULE):
        page.goto(shared.url + path)
        troubles += troubles_of(page)
    assert not troubles, "\n".join(troubles)


def test_rows_are_added_and_removed_without_scripts(browser: Browser, shared: Running) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = plain.new_page()
    sign_in(page, shared)
    page.goto(shared.url + DELIVERY)
    page.locator("summary:visible", has_text="Add a domain").click()
    page.locator("[name='domains:1:domain']").fill("example.org")
    page.locator("[name='domains:1:connections']").fill("1")
    page.get_by_role("checkbox", name="Remove gmail.com").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    delivery = _written(shared)["delivery"]
    assert isinstance(delivery, dict)
    assert delivery["domains"] == {"example.org": {"connections": 1}}
    page.goto(shared.url + SCHEDULE)
    page.locator("[name=send_day]").select_option(label="Thursday")
    page.locator("[name=send_time]").fill("07:30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert 'send = "thu 07:30"' in (shared.site.folder / "config.toml").read_text(encoding="utf-8")
    plain.close()


def _titles(page: Page) -> list[str]:
    return [each.strip() for each in page.locator(".entry:not(.blank) summary").all_inner_texts()]


def _order(shared: Running) -> list[str]:
    topics = _topics(shared)
    assert isinstance(topics, dict)
    return list(topics)


@pytest.mark.parametrize("scripts", [True, False])
def test_rows_are_moved_by_keyboard_with_and_without_scripts(browser: Browser, shared: Running, scripts: bool) -> None:
    file = shared.site.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    for name in ("film", "books", "art"):
        text += f'\n[newsletters.kinaforum.topics.{name}]  # about {name}\nwords = ["{name}"]\n'
    file.write_text(text, encoding="utf-8")
    context = browser.new_context(java_script_enabled=scripts, locale="en-GB")
    page = context.new_page()
    sign_in(page, shared)
    page.goto(shared.url + TOPICS)
    assert _titles(page) == ["film", "books", "art"]
    page.locator("summary", has_text="books").click()
    page.locator("[name='topics:1:title']").fill("Novels and poems")
    page.get_by_role("button", name="Move up books").press("Enter")
    moved = page.get_by_role("button", name="Move down books" if scripts else "Move down Novels and poems")
    expect(moved).to_be_focused()
    moved.press("Enter")
    expect(page.locator("[name='topics:1:title']")).to_have_value("Novels and poems")
    expect(moved).to_be_focused()
    moved.press("Enter")
    expect(page.locator("[name='topics:2:title']")).to_have_value("Novels and poems")
    last = page.locator(".entry:not(.blank)").last
    if last.locator("details:not([open])").count():
        last.locator("summary").click()
    page.locator("[name='topics:2:title']").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert _order(shared) == ["film", "art", "books"]
    assert file.read_text(encoding="utf-8").endswith(
        '[newsletters.kinaforum.topics.books]  # about books\nwords = ["books"]\ntitle = "Novels and poems"\n'
    )


def test_a_row_that_was_not_saved_is_there_after_a_closed_tab(browser: Browser, shared: Running) -> None:
    context = desk(browser)
    page = context.new_page()
    sign_in(page, shared)
    page.goto(shared.url + TOPICS)
    page.locator("summary:visible", has_text="Add a topic").click()
    page.locator("[name='topics:0:title']").fill("Te og kaffe")
    page.close(run_before_unload=False)
    again = context.new_page()
    again.goto(shared.url + TOPICS)
    expect(again.get_by_text("Unsaved text restored")).to_be_visible()
    expect(again.locator("[name='topics:0:title']")).to_be_visible()
    expect(again.locator("[name='topics:0:title']")).to_have_value("Te og kaffe")


def _choose(page: Page, number: int, condition: str) -> Locator:
    row = page.get_by_role("group", name=f"Condition {number}")
    row.get_by_role("combobox").select_option(label=condition)
    return row


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
def test_a_segment_is_built_by_choosing(browser: Browser, shared: Running, width: int, dark: bool) -> None:
    page = desk(browser, width=width, dark=dark).new_page()
    sign_in(page, shared)
    page.goto(shared.url + "/desk/segments/add/")
    expect(page.get_by_role("combobox", name="Condition")).to_have_count(1)
    page.get_by_label("Name").fill("Film")
    _choose(page, 1, "Has one of the tags").get_by_label("Tags, separated by commas").fill("film, te")
    _choose(page, 2, "Language isn’t one of").get_by_role("checkbox", name="nb").check()
    troubles = list(troubles_of(page, "with rows"))
    page.close(run_before_unload=False)
    page = page.context.new_page()
    page.goto(shared.url + "/desk/segments/add/")
    expect(page.get_by_role("checkbox", name="nb", checked=True)).to_be_visible()
    page.get_by_label("Subscribers must meet").select_option(label="at least one condition")
    _choose(page, 3, "Subscribed after").get_by_label("Date").fill("2020-01-31")
    expect(page.get_by_text("would receive an edition now.")).to_be_visible()
    page.get_by_role("button", name="Save segment").press("Enter")
    expect(page.get_by_text("One of these is enough.")).to_be_visible()
    assert not troubles, "\n".join(troubles)


def test_the_filter_of_a_newsletter_is_built_without_scripts(browser: Browser, shared: Running) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = plain.new_page()
    sign_in(page, shared)
    page.goto(shared.url + "/desk/settings/n/kinaforum/content/")
    _choose(page, 1, "Has none of the tags").get_by_label("Tags, separated by commas").fill("press, new york")
    page.get_by_label("Tags, separated by commas").first.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    newsletters = _written(shared)["newsletters"]
    assert isinstance(newsletters, dict)
    assert newsletters["kinaforum"]["where"] == 'tag != press and tag != "new york"'
    plain.close()


def test_parts_of_a_subject_are_inserted_where_the_cursor_is(browser: Browser, shared: Running) -> None:
    page = desk(browser, width=375).new_page()
    open_draft(page, shared)
    page.goto(shared.url + "/desk/settings/n/kinaforum/content/")
    subject = page.get_by_label("Subject", exact=True)
    subject.fill("Nytt uka")
    for _ in range(4):
        subject.press("ArrowLeft")
    page.get_by_role("button", name="First headline", exact=True).press("Enter")
    expect(subject).to_have_value("Nytt {{ posts[0].title }} uka")
    expect(subject).to_be_focused()
    expect(page.get_by_text("With the present draft: Nytt Handelen øker igjen uka")).to_be_visible()
    troubles = list(troubles_of(page, "with a subject"))
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    newsletters = _written(shared)["newsletters"]
    assert isinstance(newsletters, dict)
    assert newsletters["kinaforum"]["subject"] == "Nytt {{ posts[0].title }} uka"
    assert not troubles, "\n".join(troubles)
