"""Editions of all designs, checked by other people's programs: html-validate, Can I email, SpamAssassin and axe."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from newsletter.domain.digest import Digest, DigestPost, Rendered
from newsletter.feeds.html.clean import clean
from newsletter.render.edition import render
from newsletter.render.preview import public_html, recipient_html
from newsletter.render.theme.designs import DESIGNS
from tests.accessibility import resize, violations
from tests.render.blogs import BLOGS, posts_of
from tests.render.samples import digest, letterhead, post, recipient
from tests.render.test_golden import editions
from tests.render.test_message import mail_of
from tests.render.test_rich_parts import PAGE, PARTS

pytestmark = pytest.mark.e2e

VALIDATORS = Path(__file__).parent / "validators"
RULES = "/usr/share/spamassassin"

# Features that some programs don't have, and what is seen there instead.
WITHOUT = {
    "<body> element": "its colours are also those of the element in it",
    "@media": "phones' sizes and dark colours are missing; the email is readable without",
    "Attribute selector": "as @media",
    "Chaining selectors": "as @media",
    "Local anchors": "the numbers of footnotes lead nowhere; the notes are below the text",
    "aria-hidden attribute": "screen readers find two links to an episode, of which the cover's has no name",
    "aria-label attribute": "a link is named by its own words",
    "border-radius": "corners are square",
    "height property": "images have an attribute for it",
    "overflow-wrap": "as word-break",
    "outline": "links and images have none anyway",
    "overflow": "a table that is wider than the email widens it",
    "role attribute": "screen readers may read out tables that are there for the layout",
    "table-layout": "as overflow",
    "text-decoration-color": "underlines have the colour of the text",
    "text-decoration-thickness": "underlines are thicker",
    "text-underline-offset": "underlines are nearer",
    "white-space": "only pre, of which all programs keep the lines",
    "word-break": "words in cells of tables may break",
    "word-spacing": "it is the usual one",
}


def rich_posts() -> list[DigestPost]:
    """A post with each rich part."""
    pages = [(f"{PAGE}/{number}", part["source"]) for number, part in enumerate(PARTS.values())]
    return [post(n, url=page, html=clean(source, page, page).html) for n, (page, source) in enumerate(pages)]


@pytest.fixture(scope="module")
def kept() -> dict[str, tuple[Digest, Rendered]]:
    """The kept editions, and for each design one of five kinds of blogs with what can be added to it, and one of all
    rich parts.
    """
    posts = [
        replace(post, id=f"{blog}{post.id}", url=f"{post.url}{blog}/", comments_url=f"{post.url}{blog}/comments")
        for blog in BLOGS
        for post in posts_of(blog)
    ]
    options: dict[str, Any] = {
        "reply": "Write to us",
        "comments": "Comments",
        "dates": False,
        "tagline": "Every Friday",
    }
    found = editions()
    for name in DESIGNS:
        found[f"blogs-{name}"] = digest(posts, letterhead=letterhead(design=name, **options))
        found[f"blogs-{name}-rich"] = digest(rich_posts(), letterhead=letterhead(design=name))
    return {name: (edition, render(edition)) for name, edition in found.items()}


@pytest.fixture(scope="module")
def checked(kept: dict[str, tuple[Digest, Rendered]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What check.mjs finds in the emails, and in their public pages."""
    folder = tmp_path_factory.mktemp("emails")
    for name, (edition, rendered) in kept.items():
        (folder / f"{name}.html").write_text(
            recipient_html(rendered, edition.letterhead, recipient()), encoding="utf-8"
        )
        (folder / f"{name}-page.html").write_text(public_html(rendered, edition.letterhead), encoding="utf-8")
    files = sorted(folder.iterdir())
    printed = subprocess.run(("node", "check.mjs", *files), cwd=VALIDATORS, check=True, capture_output=True).stdout
    found: dict[str, Any] = json.loads(printed)
    assert list(found) == list(map(str, files))
    return found


def test_the_html_is_valid(checked: dict[str, Any]) -> None:
    assert {Path(file).stem: found["errors"] for file, found in checked.items() if found["errors"]} == {}


def test_email_programs_have_all_features_or_do_without(checked: dict[str, Any]) -> None:
    missing: dict[str, set[str]] = {}
    for found in checked.values():
        for feature, programs in found["missing"].items():
            missing.setdefault(feature, set()).update(programs)
    assert {feature: programs for feature, programs in missing.items() if feature not in WITHOUT} == {}
    assert WITHOUT.keys() - missing.keys() == set()


def spam_scores(folder: Path, *mails: bytes) -> list[str]:
    """The score of each email with its rules, without the network, what was learnt, or a user's preferences."""
    (folder / "preferences").touch()
    box = b"".join(b"From x Fri Feb  6 18:00:00 2026\n" + mail.replace(b"\r\n", b"\n") + b"\n\n" for mail in mails)
    command = ("spamassassin", "--local", "--mbox", f"--configpath={RULES}", "--cf=use_bayes 0", "-p", "preferences")
    # Debian adds modules' folders, so that only HOME, where it keeps its state, differs from the usual environment.
    done = subprocess.run(
        command, cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        input=box, check=True, capture_output=True,
    )  # fmt: skip
    status = re.compile(rb"^X-Spam-Status: \w+, score=(\S+) required=\S+ tests=((?:\S|\n\t)*)", re.MULTILINE)
    return [f"{float(score) + 0:.1f} {tests!r}" for score, tests in status.findall(done.stdout)]


def test_spam_filters_see_nothing(kept: dict[str, tuple[Digest, Rendered]], tmp_path: Path) -> None:
    mails = [mail_of(rendered, edition.letterhead, recipient()) for edition, rendered in kept.values()]
    scores = spam_scores(tmp_path, *mails)
    assert len(scores) == len(mails)
    assert [score for score in scores if not score.startswith("0.0 ")] == []


def test_a_spam_filter_sees_text_in_the_colour_of_the_background(tmp_path: Path) -> None:
    edition = digest()
    rendered = render(edition)
    hidden = replace(rendered, html=rendered.html.replace("mso-hide:all", "color:#ffffff;mso-hide:all"))
    (score,) = spam_scores(tmp_path, mail_of(hidden, edition.letterhead, recipient()))
    assert "HTML_FONT_LOW_CONTRAST" in score


def test_axe_finds_nothing(kept: dict[str, tuple[Digest, Rendered]], browser: Browser) -> None:
    faults = []
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort())
    for name, (edition, rendered) in kept.items():
        documents = {"email": recipient_html(rendered, edition.letterhead, recipient())}
        if not name.startswith("blogs"):
            documents["page"] = public_html(rendered, edition.letterhead)
        for kind, html in documents.items():
            page.set_content(html)
            # An email is an article on the page of an email program, which has the main part and the landmarks.
            rules = {rule: {"enabled": kind == "page"} for rule in ("landmark-one-main", "region")}
            for width, dark in ((375, False), (700, True)):
                resize(page, width, dark=dark)
                faults += [(name, kind, width, fault) for fault in violations(page, {"rules": rules})]
    page.close()
    assert faults == []
