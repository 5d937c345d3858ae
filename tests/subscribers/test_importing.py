"""Imports: files of other tools, invalid lines with reasons, idempotent, and nobody is subscribed again."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from newsletter import config
from subscribers import transactional
from subscribers.importing import FileProblem
from subscribers.importing.headers import recognise
from subscribers.importing.reading import delimiter_of, encoding_of, lines, opened
from subscribers.models import Consent, Subscriber, Subscription, Suppression, TransactionalEmail
from tests.site_texts import with_kinaforum
from tests.subscribers.conftest import Import
from tests.subscribers.make import AT, add_subscription

State = Subscription.State


TOOLS = {
    "Mailchimp": (
        '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,TAGS\n'
        'Kari@reader.example,Kari,Nordmann,2,,"2024-03-05 10:00:00",7,"""film"",""oslo"""\n'
    ),
    "Substack": (
        "email,active_subscription,expiry,plan,email_disabled,created_at,name\n"
        "Kari@reader.example,false,,other,false,2024-03-05T10:00:00.000Z,Kari Nordmann\n"
        "off@reader.example,false,,other,true,2024-03-05T10:00:00.000Z,\n"
    ),
    "Buttondown": (
        "id,email,notes,metadata,tags,creation_date,type\n"
        'x1,Kari@reader.example,,{},"film, oslo",2024-03-05T10:00:00Z,regular\n'
        "x2,off@reader.example,,{},,2024-03-05T10:00:00Z,unsubscribed\n"
    ),
    "Ghost": (
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
        'x1,Kari@reader.example,Kari Nordmann,,true,false,,2024-03-05T10:00:00.000Z,,"film,oslo",\n'
        "x2,off@reader.example,,,false,false,,2024-03-05T10:00:00.000Z,,,\n"
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'x1,Kari@reader.example,Kari Nordmann,"{""city"": ""Oslo""}",enabled,2024-03-05T10:00:00Z,2024-03-06\n'
        "x2,off@reader.example,,{},blocklisted,2024-03-05T10:00:00Z,\n"
    ),
    "Kit": (
        "id,first_name,email,status,created_at,tags\n"
        '7,Kari Nordmann,Kari@reader.example,active,2024-03-05 10:00:00 UTC,"film,oslo"\n'
        "8,Off,off@reader.example,cancelled,2024-03-05 10:00:00 UTC,\n"
    ),
    "MailerLite": (
        "Subscriber,Name,Last name,Status,Subscribed,Location\n"
        "Kari@reader.example,Kari,Nordmann,Active,2024-03-05 10:00:00,Norway\n"
        "off@reader.example,Off,,Unsubscribed,2024-03-05 10:00:00,Norway\n"
    ),
    "a list": "E-post;Navn\nKari@reader.example;Kari Nordmann\n",
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_of_each_tool(take: Import, tool: str) -> None:
    report = take(TOOLS[tool])
    columns = recognise(next(iter(TOOLS[tool].splitlines())).replace('"', "").replace(";", ",").split(","))
    assert columns is not None
    assert columns.form == ("" if tool == "a list" else tool)
    subscription = Subscription.objects.get(state=State.ACTIVE)
    assert (report.added, report.refused) == (1, ())
    assert (subscription.subscriber.address, subscription.subscriber.name) == (
        "Kari@reader.example",
        subscription.subscriber.name,
    )
    assert subscription.subscriber.name in ("Kari Nordmann", "")
    assert subscription.joined == (AT if tool == "a list" else datetime(2024, 3, 5, 10, tzinfo=UTC))
    assert subscription.tags == (("film", "oslo") if "oslo" in TOOLS[tool] and "film" in TOOLS[tool] else ())
    assert report.suppressed == TOOLS[tool].count("off@")


def test_a_column_says_how_often_a_person_wants_it(take: Import) -> None:
    head = "email,cadence\n"
    report = take(head + "a@reader.example,Day\nb@reader.example,\nc@reader.example,fortnight\n")
    assert dict(Subscription.objects.values_list("subscriber__key", "cadence")) == {
        "a@reader.example": "day",
        "b@reader.example": "",
    }
    assert [str(r.reason) for r in report.refused] == [
        "'fortnight' in the column cadence must be post, day, week, month or empty; correct it, or remove the column"
    ]
    again = take(head + "a@reader.example,week\nb@reader.example,week\n")
    assert (again.updated, again.unchanged) == (1, 1)
    assert set(Subscription.objects.values_list("cadence", flat=True)) == {"day", "week"}


def test_a_column_has_the_topics_that_a_person_picked(take: Import) -> None:
    head = "email,topics\n"
    report = take(head + 'a@reader.example,"Film, books"\nb@reader.example,\nc@reader.example,Film & TV\n')
    assert dict(Subscription.objects.values_list("subscriber__key", "topics")) == {
        "a@reader.example": "books,film",
        "b@reader.example": "",
    }
    refused = "'film & tv' in the column topics can't be the name of a topic; write the names as in config.toml,"
    assert [str(r.reason) for r in report.refused] == [f"{refused} separated by commas, or remove the column"]
    again = take(head + "a@reader.example,music\nb@reader.example,music\n")
    assert (again.updated, again.unchanged) == (1, 1)
    assert sorted(Subscription.objects.values_list("topics", flat=True)) == ["books,film", "music"]
    assert Subscription.objects.with_picks(datetime(2026, 1, 1, tzinfo=UTC)).get(topics="music").picks == ""


def test_mailchimps_unsubscribed_file_subscribes_nobody(take: Import) -> None:
    report = take("Email Address,MEMBER_RATING,UNSUB_TIME\nkari@reader.example,2,2024-03-05 10:00:00\n")
    assert (report.suppressed, report.refused) == (1, ())
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.unsubscribed_at) == (
        State.UNSUBSCRIBED,
        datetime(2024, 3, 5, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("content", ["kari@reader.example\nola@reader.example\n",
                                     "kari@reader.example;Kari\rola@reader.example;Ola\r",
                                     "Kari,kari@reader.example\nOla,ola@reader.example"])  # fmt: skip
def test_a_plain_list(take: Import, content: str) -> None:
    assert take(content).added == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "mac_roman"])
def test_every_encoding(take: Import, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    take(mark + "email\tname\nkari@reader.example\tKåre Bjørnås\n".encode(encoding))
    assert Subscriber.objects.get().name == "Kåre Bjørnås"


def test_one_broken_character_does_not_affect_the_others(take: Import) -> None:
    take("email,name\nkari@reader.example,Bjørnås Ødegård\n".encode() + b"ola@reader.example,Ol\xe5\n")
    assert Subscriber.objects.get(key="kari@reader.example").name == "Bjørnås Ødegård"


@pytest.mark.parametrize(
    ("sample", "mark"), [("a;b,c;d\n1;2;3,4", ";"), ('"a,b"\tc\n', "\t"), ("a|b\n", "|"), ("a\n", ",")]
)
def test_the_delimiter_is_found(sample: str, mark: str) -> None:
    assert delimiter_of(sample) == mark


DIRTY = [
    ("", None),  # an empty line says nothing
    (",Nobody", "it has no address"),
    ("   ,Nobody", "it has no address"),
    ("kari", "it has no @"),
    ("kari@", "after the @"),
    ("@reader.example", "before the @"),
    ("kari@@reader.example", "@"),
    ("kari@reader@example.example", "@"),
    ("ka ri@reader.example", "space"),
    ("kari@rea der.example", "space"),
    ("kari@reader", "period"),
    ("kari@reader.", "period"),
    ("kari@.reader.example", "period"),
    ("kari@reader..example", "period"),
    (".kari@reader.example", "period"),
    ("kari.@reader.example", "period"),
    ("kari..n@reader.example", "period"),
    ("kari@-reader.example", "name of a domain"),
    ("kari@reader-.example", "name of a domain"),
    ("kari@[192.0.2.1]", "[ ]"),
    ("kari@192.0.2.1", "name of a domain"),
    ("kari@localhost", "no period"),
    ("kari@reader.test", "name of a domain"),
    ("kari@reader.invalid", "name of a domain"),
    ("kari@rea_der.example", "can't be in an address"),
    ("kari@reader.example>", "angle bracket"),
    ("<kari@reader.example", "angle bracket"),
    ("kari(at)reader.example", "it has no @"),
    ("kari;ola@reader.example", "can't be in an address"),
    ("kari:x@reader.example", "can't be in an address"),
    ("kari\\x@reader.example", "can't be in an address"),
    ("kari\tx@reader.example", "space"),
    ("kari\x7fx@reader.example", "can't be in an address"),
    ("kari\x00@reader.example", "NUL"),
    ("kari\u202e@reader.example", "U+202E"),
    ("k" * 65 + "@reader.example", "longer than 64"),
    ("kari@" + "a" * 64 + ".example", "name of a domain"),
    ("kari@" + "a." * 130 + "example", "longer than"),
    ("k" * 2_000 + "@reader.example", "longer than an address"),
    ("kari@xn--a.example", "name of a domain"),
    ("kari@reader.example/x", "can't be in an address"),
    ("https://reader.example", "it has no @"),
    ("kari@reader.example,Kari,too,many,cells", "5 cells, but the first line has 2"),
    ("=HYPERLINK(1)", "it has no @"),
    ("kari @reader.example", "space"),
    ("kari@ reader.example", "space"),
    ('"kari@reader.example', "a quote is opened and never closed"),
    ("shut@reader.example", "blocked (by hand)"),
    ("any@shut.example", "blocked (complained)"),
    ("left@reader.example", "has unsubscribed from kinaforum"),
    ("erased@reader.example", "blocked (erased)"),
]


def test_fifty_dirty_lines_each_with_its_reason(take: Import, tmp_path: Path) -> None:
    Suppression.objects.suppress("shut@reader.example", Suppression.Reason.BY_HAND)
    Suppression.objects.suppress("erased@reader.example", Suppression.Reason.ERASED)
    Suppression.objects.suppress_domain("shut.example", Suppression.Reason.COMPLAINED)
    add_subscription("left@reader.example", state=State.UNSUBSCRIBED)
    content = "email,name\n" + "".join(f"{text}\n" for text, _ in DIRTY) + "good@reader.example,Good\n"
    report = take(content, refused_to=tmp_path / "refused.csv")
    expected = {number: reason for number, (_, reason) in enumerate(DIRTY, 2) if reason}
    told = {r.line: str(r.reason) for r in report.refused}
    assert len(expected) == 50
    assert told.keys() == expected.keys()
    assert [(n, told[n], expected[n]) for n in told if expected[n] not in told[n]] == []
    assert report.added == 1
    assert len((tmp_path / "refused.csv").read_text().splitlines()) == 51
    assert "'=HYPERLINK(1)" in (tmp_path / "refused.csv").read_text()
    assert not any("\0" in refused.address for refused in report.refused), "PostgreSQL couldn't store it"


def test_a_line_that_names_the_delimiter_is_no_header(take: Import) -> None:
    report = take("\ufeffsep=;\r\nemail;name\r\nkari@reader.example;Kari\r\nola@reader;\r\n")
    assert (report.active, [refused.line for refused in report.refused]) == (1, [4])


def test_a_line_with_several_people_is_refused_and_a_name_that_repeats_the_address_is_not(take: Import) -> None:
    report = take("ola@reader.example,OLA@reader.example\nKari <kari@reader.example>, eva@reader.example\n")
    assert [(refused.line, str(refused.reason)) for refused in report.refused] == [
        (2, "it has several addresses; write each on a line of its own")
    ]
    assert report.active == 1


def test_an_unclosed_quote_affects_its_own_line_only(take: Import) -> None:
    lines_after = "".join(f"k{n}@reader.example,K\n" for n in range(100))
    report = take(f'email,name\n"x@reader.example,X\n{lines_after}')
    assert (report.added, [r.line for r in report.refused]) == (100, [2])


def test_a_quoted_cell_that_is_longer_than_a_reader_of_csv_takes_is_refused(take: Import) -> None:
    report = take(f'email,name\nx@reader.example,"{"x" * 140_000}"\nk@reader.example,K\n')
    assert (report.added, [r.line for r in report.refused]) == (1, [2])


def test_a_cell_may_contain_line_breaks(take: Import) -> None:
    report = take('email,name\n"kari@reader.example","Kari\nNordmann"\nnone,x\n')
    assert report.added == 1
    assert [r.line for r in report.refused] == [4]
    assert Subscriber.objects.get().name == "Kari Nordmann"


def test_text_around_an_address_is_removed(take: Import) -> None:
    report = take('email\nKari <kari@reader.example>\nmailto:ola@reader.example\n"  per@reader.example "\n')
    assert (report.added, report.refused) == (3, ())


def test_importing_twice_changes_nothing(take: Import) -> None:
    content = "email,name,tags\nkari@reader.example,Kari,film\nKARI@reader.example,,\n"
    first, second = take(content), take(content)
    assert (first.added, first.unchanged) == (1, 1)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 2)
    assert Consent.objects.get().text == "shop counter, 2024"


def test_missing_values_are_filled_in_and_others_kept(take: Import) -> None:
    take("email,tags\nkari@reader.example,film\n")
    Subscriber.objects.update(language="nn")
    report = take("email,name,language,tags\nkari@reader.example,Kari,en,Oslo\n")
    assert report.updated == 1
    subscription = Subscription.objects.get()
    assert (subscription.tags, subscription.subscriber.name, subscription.subscriber.language) == (
        ("film", "oslo"),
        "Kari",
        "nn",
    )


def test_pending_people_are_emailed_only_on_request(take: Import) -> None:
    take("kari@reader.example\n", status="pending")
    assert not TransactionalEmail.objects.exists()
    take("ola@reader.example\n", status="pending", confirm_by_mail=True)
    composed = transactional.compose(config.current(), TransactionalEmail.objects.get())
    assert composed is not None
    assert (composed.template, composed.address) == ("confirm", "ola@reader.example")
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.PENDING}


def test_unconfirmed_people_of_other_tools_are_pending(take: Import) -> None:
    take("email,status\nkari@reader.example,unconfirmed\n")
    assert Subscription.objects.get().state == State.PENDING


def test_the_pending_become_active_with_consent(take: Import) -> None:
    take("kari@reader.example\n", status="pending")
    assert take("kari@reader.example\n").updated == 1
    assert Subscription.objects.get().state == State.ACTIVE
    assert Consent.objects.filter(confirmed_at=AT).count() == 1


def test_a_dry_run_changes_nothing_and_reports_the_same(take: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.importing.run.PORTION", 2)
    content = "a@reader.example\nb@reader.example\nA@reader.example\nnone\nb@reader.example\n"
    tried = take(content, dry_run=True)
    assert not Subscriber.objects.exists()
    assert replace(take(content), number=None) == tried


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "it is empty"),
        ("name,town\nKari,Oslo\n", "no column has addresses; call one 'email'"),
        ("\n\n", "first line is empty"),
    ],
)
def test_other_files_are_refused(take: Import, content: str, sentence: str) -> None:
    with pytest.raises(FileProblem, match=sentence):
        take(content)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="can't be read"), opened(tmp_path / "none.csv"):
        raise AssertionError


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.csv"
    file.write_bytes(content)
    assert encoding_of(file)
    try:
        with opened(file) as text:
            found = list(lines(file, text))
    except FileProblem:
        return
    assert all(line.number >= 1 for line in found)


CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
""")

IMPORT = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml")))
from subscribers.importing import import_file
def progress(done, total):
    print("portion", flush=True)
    if len(sys.argv) > 1:
        sys.stdin.readline()
import_file(Path("readers.csv"), "kinaforum", consent="x", progress=progress)
from subscribers.models import Consent, Subscription
print(*sorted(Subscription.objects.values_list("subscriber__address", "state", "tags", "joined")), sep="\\n")
print(Consent.objects.count())
"""


@pytest.mark.e2e
def test_an_interrupted_import_can_be_repeated(tmp_path: Path) -> None:
    names = ("undisturbed", "killed")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "NEWSLETTER"))}
    command = [sys.executable, "-c", IMPORT]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(CONFIG)
        content = "".join(f"k{n}@reader.example,2024-01-{n % 28 + 1:02},t{n % 5}\n" for n in range(12_000))
        (tmp_path / name / "readers.csv").write_text(f"email,created_at,tags\n{content}")
    killed = subprocess.Popen(
        [*command, "wait"],
        cwd=tmp_path / "killed",
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "portion\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    outcomes = [
        subprocess.run(command, cwd=tmp_path / name, env=environment, capture_output=True, text=True, check=True).stdout
        for name in names
    ]
    rows = [[line for line in outcome.splitlines() if line != "portion"] for outcome in outcomes]
    assert rows[0] == rows[1]
    assert rows[0][-1] == "12000"


@pytest.mark.parametrize("welcome", [False, True])
def test_imported_subscribers_get_the_welcome_series_only_if_that_was_chosen(take: Import, welcome: bool) -> None:
    add_subscription("ola@reader.example", state=State.PENDING)
    take("email\nkari@reader.example\nola@reader.example\n", welcome=welcome)
    assert set(Subscription.objects.values_list("welcome_from", flat=True)) == {AT if welcome else None}
