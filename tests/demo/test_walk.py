"""`newsletter demo` as a person runs it: the whole way, and again in the same folder."""

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def demo(*words: object, folder: Path) -> str:
    command = [sys.executable, "-m", "newsletter", "demo", "--once", "--no-open", *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder that the demo went through once, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "kept", demo("--dir", folder / "kept", folder=folder)


def mails(folder: Path) -> list[EmailMessage]:
    files = sorted((folder / "kept" if (folder / "kept").exists() else folder).glob("mailbox/*.eml"))
    return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]


def test_every_reader_gets_one_mail(walked: tuple[Path, str]) -> None:
    found = mails(walked[0])
    assert sorted(m["To"] for m in found) == [f"reader{n:02}@example.org" for n in range(1, 26)]


def test_the_subject_begins_with_news_and_leaves_the_newsletter_s_name_to_the_sender(walked: tuple[Path, str]) -> None:
    found = mails(walked[0])[0]
    assert "Østbrevet" in found["From"]
    assert re.fullmatch(r".+, and \d+ more", found["Subject"])
    assert "Østbrevet" not in found["Subject"]


def test_each_mail_has_links_of_its_own(walked: tuple[Path, str]) -> None:
    found = mails(walked[0])
    assert len({m["Message-ID"] for m in found}) == len({m["List-Unsubscribe"] for m in found}) == 25


def test_the_output_lists_the_days_with_norwegian_headings(walked: tuple[Path, str]) -> None:
    headings = re.findall(
        r"^ +(mandag|tirsdag|onsdag|torsdag|fredag) \d+\. \w+ \d{4} +\d posts$", walked[1], re.MULTILINE
    )
    assert headings == ["fredag", "torsdag", "onsdag", "tirsdag", "mandag"]


def test_the_output_says_what_was_sent(walked: tuple[Path, str]) -> None:
    assert re.search(r"^6  sent +25 emails in \d+\.\d s: 25 accepted, 0 refused$", walked[1], re.MULTILINE)


def test_no_paragraph_stands_twice_and_none_says_read_more(walked: tuple[Path, str]) -> None:
    body = mails(walked[0])[0].get_body(("plain",))
    assert body is not None
    paragraphs = [" ".join(p.split()) for p in body.get_content().split("\n\n")]
    long = [p for p in paragraphs if len(p) > 60]
    assert len(long) == len(set(long))
    assert "Read more" not in paragraphs


def test_the_next_draft_waits_with_other_posts(walked: tuple[Path, str]) -> None:
    assert re.search(r"^7  drafted +ostbrevet/\d{4}-W\d\d: \d+ posts so far, waiting for", walked[1], re.MULTILINE)


def test_a_second_walk_sends_nothing(walked: tuple[Path, str]) -> None:
    folder, _ = walked
    again = demo("--dir", folder, folder=folder.parent)
    assert "nothing new: its 25 emails were already delivered" in again
    assert len(mails(folder)) == 25


def test_json_is_one_document(tmp_path: Path) -> None:
    out = demo("--json", folder=tmp_path)
    assert '"accepted": 25' in out
    assert out.startswith("{")
    assert list(tmp_path.iterdir()) == []


def test_it_serves_the_desk_and_the_mails_until_it_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "newsletter", "demo", "--no-open", "--dir", str(tmp_path / "kept")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_plain())
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("the desk is at"):
                break
        told = "".join(lines)
        mails_at = re.search(r"^emails +(\S+)", told, re.MULTILINE)
        assert mails_at, told
        assert b"reader25@example.org" in _get(mails_at[1])
        assert re.search(r"log in with +demo@example\.org, password \S{12}", told)
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0, rest


def _plain() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        found: bytes = answer.read()
    return found
