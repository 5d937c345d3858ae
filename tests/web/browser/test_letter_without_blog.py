"""From an empty folder, without a blog, to a letter in the mailbox and in the archive."""

import logging
import re
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Locator, expect

from tests.doubles.mailbox import Mailbox
from tests.web.browser.empty_folder import EmptyFolder
from tests.web.browser.first_steps import READER, add_subscriber, choose_sender, press_button, send_now
from tests.web.browser.hands import Finger, Hand, Keyboard, Mouse
from tests.web.browser.labels import APPROVE, WEB_ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
logger = logging.getLogger(__name__)
SUBJECT = "The ferry is back"
VIDEO = "https://quay.example/crossing.mp4"
CELLS = ("Departs", "From", "08:15", "North quay", "17:40", "South quay")
IN_ORDER = ("The quay", "The ferry", "crossing.mp4", CELLS[0], CELLS[-1], "Book a seat", "The harbour café")
"""Words of each part of the letter. The first two are images side by side, one below the other on phones."""
AS_READ = tuple("Watch the video" if words == "crossing.mp4" else words for words in IN_ORDER)
"""What the parts say in the email and in the archive."""


@pytest.mark.parametrize("way", [Mouse, Finger, Keyboard])
def test_a_letter_is_written_sent_and_archived(
    browser: Browser, started: EmptyFolder, tmp_path: Path, way: type[Hand]
) -> None:
    started.give_tables()
    began, hand = time.monotonic(), way(browser)
    with Mailbox() as mailbox:
        _set_up(hand, started.link(), mailbox.port)
        add_subscriber(hand)
        _write(hand, _pictures(tmp_path))
        _look_at_the_email(hand)
        press_button(hand, APPROVE)
        send_now(hand)
        (mail,) = (mail for mail in mailbox.mails if mail["To"].endswith(READER))
    assert mail["Subject"] == SUBJECT
    body = mail.get_body(("html",))
    assert body is not None
    places = [body.get_content().rfind(words) for words in AS_READ]
    assert places[0] > -1
    assert places == sorted(places)
    assert "</tr>" not in body.get_content()[places[0] : places[1]]
    _read_in_the_archive(hand)
    logger.info("%s: %d presses, %.1f s", way.__name__, hand.presses, time.monotonic() - began)


def _pictures(folder: Path) -> list[tuple[str, Path]]:
    files = [(words, folder / f"{number}.png") for number, words in enumerate(IN_ORDER[:2])]
    for (_words, file), colour in zip(files, ("teal", "sienna"), strict=True):
        Image.new("RGB", (640, 400), colour).save(file)
    return files


def _set_up(hand: Hand, link: str, smtp: int) -> None:
    hand.page.goto(link)
    press_button(hand, "I have no blog: I write here")
    hand.fill(hand.page.get_by_label("Title"), "Quay notes")
    press_button(hand, "Continue")
    choose_sender(hand, smtp)


def _write(hand: Hand, pictures: list[tuple[str, Path]]) -> None:
    page = hand.page
    hand.press(page.get_by_role("link", name="New letter").first)
    press_button(hand, "Start writing")
    hand.fill(page.get_by_label("Subject"), SUBJECT)
    text = page.get_by_role("textbox", name="Text", exact=True)
    hand.press(text)
    hand.write("Dear readers, the ferry crosses again.")
    hand.key("Enter")
    for words, file in pictures:
        _insert_picture(hand, words, file)
    hand.select(page.get_by_alt_text(pictures[-1][0]))
    hand.use_tool("Side by side")
    hand.go_on_in(text.locator("> p").last)
    hand.paste(VIDEO)
    _insert_table(hand, text)
    hand.go_on_in(text.locator("> p").last)
    hand.insert("Button")
    dialog = page.get_by_role("dialog", name="Button")
    hand.fill(dialog.get_by_label("Button text"), "Book a seat")
    hand.fill(dialog.get_by_label(WEB_ADDRESS), "https://quay.example/seats")
    hand.press(dialog.get_by_role("button", name="Insert"))
    expect(text.get_by_role("link", name="Book a seat")).to_be_visible()
    hand.insert("Sponsor box")
    hand.write("The harbour café has cake again.")
    assert _order(text, IN_ORDER, beside=True) == list(IN_ORDER)
    expect(page.get_by_role("heading", name=SUBJECT)).to_be_visible()
    expect(page.locator("#length")).to_have_text(re.compile(r"^\d\d words · 1 minute to read$"))
    expect(page.locator("summary", has_text="Preview text")).to_contain_text("Dear readers, the ferry crosses again.")
    expect(page.locator("#saved")).to_contain_text("Saved")


def _insert_picture(hand: Hand, words: str, file: Path) -> None:
    hand.insert("Image")
    dialog = hand.page.get_by_role("dialog", name="Image")
    hand.choose_file(dialog.get_by_label("File"), file)
    hand.fill(dialog.get_by_label("Alt text"), words)
    hand.press(dialog.get_by_role("button", name="Insert"))
    expect(hand.page.get_by_alt_text(words)).to_be_visible()


def _insert_table(hand: Hand, text: Locator) -> None:
    hand.insert("Table")
    cells = text.locator("th, td")
    for number, words in enumerate(CELLS):
        if number and hand.touch:
            hand.press(cells.nth(number))
        elif number:
            hand.key("Tab")
        hand.write(words)
    expect(cells).to_have_text(CELLS)


def _place(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box
    return box["y"], box["x"]


def _order(root: Locator | FrameLocator, parts: tuple[str, ...], *, beside: bool) -> list[str]:
    """The parts of the letter from top to bottom."""
    found = [root.get_by_alt_text(words) for words in parts[:2]]
    found += [root.get_by_text(words).last for words in parts[2:]]
    for each in found:
        expect(each).to_be_visible()
    places, measured = list[tuple[float, float]](), [_place(each) for each in found]
    while places != measured:  # the preview is still being laid out
        places, measured = measured, [_place(each) for each in found]
    assert (places[0][0] == places[1][0]) is beside
    return [words for _, words in sorted(zip(places, parts, strict=True))]


def _look_at_the_email(hand: Hand) -> None:
    if hand.width < 640:
        views = hand.page.get_by_role("navigation", name="Views")
        hand.press(views.get_by_role("link", name="Preview"))
    assert _order(hand.page.frame_locator("#side iframe"), AS_READ, beside=False) == list(AS_READ)


def _read_in_the_archive(hand: Hand) -> None:
    page = hand.page
    hand.press(page.get_by_role("link", name="Quay notes"))
    hand.press(page.get_by_role("link", name="Archive"))
    picture = page.locator(".editions img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    expect(page.locator(".excerpt")).to_have_text("Dear readers, the ferry crosses again.")
    hand.press(page.get_by_role("link", name=SUBJECT))
    expect(page.get_by_role("heading", level=1)).to_have_text(SUBJECT)
    assert _order(page.get_by_role("main"), AS_READ, beside=hand.width > 640) == list(AS_READ)
