"""Several at once on a running site: nobody's words are lost, whoever saves, refreshes or edits at the source."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter.editions.history import WORDS
from tests.web.browser.conftest import ADMIN, KEPT_TEXTS, PASSWORD, Running, desk, open_draft, unfold, write
from tests.web.browser.labels import APPROVE, ONE_POST_NOT_INCLUDED, USE_MINE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
NEW = '---\ntitle: "Nytt innlegg"\ndate: 2025-02-07T10:00:00+01:00\n---\n\nNettopp skrevet.\n'
KARI = ADMIN.replace("User.objects.get()", "User.objects.create_user('kari@example.org', first_name='Kari')")
"""Makes another account, and prints the key of a session of it."""
END_LEASES = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.models import TextLease
TextLease.objects.all().delete()
"""
EDITED = '---\ntitle: "Om te"\ndate: 2025-02-04T10:00:00+01:00\n---\n\nRettet hos kilden.\n'


def _at_once(page: Page, acts: list[tuple[str, dict[str, str]]]) -> list[int]:
    """Each act posted to the draft at the same moment; gives their statuses."""
    cookies = {c["name"]: c["value"] for c in page.context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], "HX-Request": "true"}
    barrier, address = Barrier(len(acts)), page.url

    def press(act: tuple[str, dict[str, str]]) -> int:
        barrier.wait()
        answer = requests.post(
            address + act[0], data=act[1], cookies=cookies, headers=headers, allow_redirects=False, timeout=60
        )
        return answer.status_code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(press, acts))


def test_two_editors_a_refresh_and_the_source_at_the_same_moment(browser: Browser, running: Running) -> None:
    page = desk(browser).new_page()
    open_draft(page, running)
    revision = page.locator("#revision").input_value()
    novel = str(page.locator(".post", has_text="En roman fra Chengdu").get_attribute("id")).removeprefix("post-")
    (running.site.folder / "posts" / "new.md").write_text(NEW, encoding="utf-8")
    (running.site.folder / "posts" / "tea.md").write_text(EDITED, encoding="utf-8")

    def words(key: str, text: str) -> tuple[str, dict[str, str]]:
        shown = page.locator(f"#shown-{key}").input_value()
        return "words/", {key: text, f"shown-{key}": shown, "revision": revision}

    acts = [words("subject", "Den enes emne"), words("greeting", "Den andres hilsen")]
    acts += [("refresh/", {}), ("post/", {"act": f"out {novel}", "revision": revision})]
    assert _at_once(page, acts) == [200, 200, 302, 200]
    page.goto(f"{running.url}/desk/jobs/1/")  # the refresh
    page.wait_for_url("**/desk/editions/**")
    expect(page.get_by_role("textbox", name="Subject")).to_have_value("Den enes emne")
    expect(unfold(page, "greeting")).to_have_value("Den andres hilsen")
    expect(page.get_by_text(ONE_POST_NOT_INCLUDED)).to_be_visible()
    expect(page.locator(".post b", has_text="Nytt innlegg")).to_be_visible()
    expect(page.frame_locator("#side iframe").get_by_text("Rettet hos kilden.")).to_be_visible()
    page.context.close()


def test_many_acts_at_the_same_moment_are_all_put_together(browser: Browser, running: Running) -> None:
    page = desk(browser).new_page()
    open_draft(page, running)
    posts = [str(each.get_attribute("id")).removeprefix("post-") for each in page.locator(".post").all()]
    for act, pinned in (("pin", 4), ("unpin", 0), ("pin", 4), ("unpin", 0)):
        revision = page.locator("#revision").input_value()
        shown = {key: page.locator(f"#shown-{key}").input_value() for key in WORDS}
        acts = [("post/", {"act": f"{act} {post}", "revision": revision}) for post in posts]
        acts += [("words/", {k: f"{act} {revision}", f"shown-{k}": shown[k], "revision": revision}) for k in WORDS]
        assert _at_once(page, acts) == [200] * 8
        page.reload()
        expect(page.get_by_role("button", name="Unpin")).to_have_count(pinned)
        for key in WORDS:
            expect(page.locator(f"[name={key}]")).to_have_value(f"{act} {revision}")
    page.context.close()


def test_a_post_edited_at_its_source_before_approval_is_not_sent_unseen(browser: Browser, running: Running) -> None:
    page = desk(browser).new_page()
    open_draft(page, running)
    expect(page.get_by_role("button", name=APPROVE)).to_be_visible()
    (running.site.folder / "posts" / "tea.md").write_text(EDITED, encoding="utf-8")
    running.site.run("collect")
    page.get_by_role("button", name=APPROVE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This edition has changed since you opened it")
    expect(page.get_by_text("text of “Om te” changed")).to_be_visible()
    page.get_by_role("link", name="Review again").click()
    expect(page.frame_locator("iframe").get_by_text("Rettet hos kilden.")).to_be_visible()
    page.context.close()


def test_one_person_writes_in_a_text_while_the_other_can_t(browser: Browser, running: Running) -> None:
    first, second = desk(browser).new_page(), desk(browser).new_page()
    open_draft(first, running)
    running.session = running.site.script(KARI, PASSWORD).stdout.strip()
    open_draft(second, running)
    theirs, link = unfold(second, "greeting"), second.get_by_role("button", name="More actions")
    link.focus()
    write(unfold(first, "greeting"), "Kjære leser")
    expect(second.frame_locator("#mail").get_by_text("Kjære leser")).to_be_visible()
    expect(link).to_be_focused()
    note = second.locator("#f-greeting .writer")
    expect(note).to_have_text("redaksjon@example.org is writing here.")
    expect(theirs).to_have_value("Kjære leser")
    expect(second.locator("#f-greeting .writing > div")).to_have_attribute("contenteditable", "false")
    assert Axe().run(second).response["violations"] == []

    first.route("**/words/", lambda route: route.fulfill(status=503, body="busy"))
    first.route("**/writers/", lambda route: route.abort())
    mine = first.locator("#greeting")
    write(mine, "Kjære leser, dette er ikke lagret")
    running.site.script(END_LEASES)  # as after 20 seconds, since the first page renews nothing
    expect(note).to_have_count(0)
    write(theirs, "Hei fra Kari")
    expect(second.locator("#saved")).to_contain_text("Saved")
    first.unroute("**/writers/")
    expect(first.locator("#f-greeting .writer")).to_have_text("Kari is writing here.")
    first.unroute("**/words/")
    clash = first.locator("#saved")
    expect(clash).to_contain_text("Kari is writing in the same text. Your version is not saved yet.")
    expect(mine).to_have_value("Kjære leser, dette er ikke lagret")
    expect(clash.locator("pre")).to_have_text("Hei fra Kari")
    clash.get_by_role("button", name=USE_MINE).click()
    expect(second.locator("#f-greeting .writer")).to_be_visible()
    expect(theirs).to_have_value("Kjære leser, dette er ikke lagret")
    assert first.evaluate(KEPT_TEXTS) == []
    first.context.close()
    second.context.close()
