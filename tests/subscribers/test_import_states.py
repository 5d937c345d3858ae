"""Files with every state that each tool's documents name: who receives the newsletter afterwards, and who doesn't."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subscribers.importing import import_file
from subscribers.models import Import, Subscriber, Subscription, Suppression
from tests.subscribers import conftest
from tests.subscribers.make import AT

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "exports"
FILES = sorted(path.name for path in FOLDER.glob("*.csv"))
ALL_FIGURES = ("active", "waiting", "suppressed", "present")
BLOCKED = {"bounced": "bounced", "blocked": "by hand", "complained": "complained"}
State = Subscription.State


def addresses(name: str) -> list[str]:
    """The addresses of a file; the word before the digits says what must become of each: a, waits, left and so on."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [
        word.strip('"') for word in text.replace("\n", ",").split(",") if word.strip('"').endswith("@reader.example")
    ]


def kind(address: str) -> str:
    return address.partition("@")[0].rstrip("0123456789")


def receiving() -> set[str]:
    found = Subscription.objects.receiving_on("kinaforum", AT.date())
    return set(found.values_list("subscriber__key", flat=True))


def older_lists(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """An older list of everybody in each file, without any states."""
    for number, name in enumerate(names):
        path = folder / f"older {number}.csv"
        path.write_text("email\n" + "".join(f"{each}\n" for each in addresses(name)), encoding="utf-8")
        yield path


@pytest.mark.parametrize("name", FILES)
def test_each_state_is_kept_and_no_older_list_undoes_it(tmp_path: Path, name: str) -> None:
    people = addresses(name)
    report = import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    expected = [kind(each) for each in people]
    stopped = [each for each in expected if each not in ("a", "waits")]
    figures = (expected.count("a"), expected.count("waits"), len(stopped), 0)
    assert tuple(getattr(report, figure) for figure in ALL_FIGURES) == figures
    assert (report.lines, report.refused) == (len(people), ())
    assert receiving() == {each for each in people if kind(each) == "a"}
    for each in people:
        reason = Suppression.objects.suppressed([each]).get(each)
        assert reason == BLOCKED.get(kind(each)), each
        if kind(each) == "left":
            assert Subscription.objects.get(subscriber__key=each).state == State.UNSUBSCRIBED
    (older,) = older_lists(tmp_path, [name])
    again = import_file(older, "kinaforum", consent="an older list", at=AT)
    assert receiving() == {each for each in people if kind(each) in ("a", "waits")}
    assert len(again.refused) == len(stopped)
    assert again.lines == sum(getattr(again, figure) for figure in ALL_FIGURES) + len(again.refused)


@pytest.mark.parametrize("name", FILES)
def test_the_same_file_twice_changes_nothing(name: str) -> None:
    import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    before = list(Subscription.objects.order_by("pk").values()), list(Suppression.objects.order_by("pk").values())
    again = import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    assert (again.present, again.lines) == (again.lines, len(addresses(name)))
    after = list(Subscription.objects.order_by("pk").values()), list(Suppression.objects.order_by("pk").values())
    assert after == before


@pytest.mark.parametrize("name", FILES)
def test_a_dry_run_says_what_the_import_does(name: str) -> None:
    tried = import_file(FOLDER / name, "kinaforum", dry_run=True, at=AT)
    assert not Import.objects.exists()
    done = import_file(FOLDER / name, "kinaforum", at=AT)
    record = Import.objects.get()
    for figure in ("lines", *ALL_FIGURES):
        assert getattr(tried, figure) == getattr(done, figure) == getattr(record, figure)


@pytest.mark.parametrize(
    ("name", "address", "left"),
    [
        ("unsubscribed_email_audience_export.csv", "left@reader.example", datetime(2023, 7, 3, 12, 19, 27, tzinfo=UTC)),
        ("mailerlite.csv", "left@reader.example", datetime(2025, 3, 4, 8, tzinfo=UTC)),
        ("beehiiv.csv", "left2@reader.example", datetime(2024, 3, 13, 11, 33, 53, tzinfo=UTC)),
        ("own.csv", "left@reader.example", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("kit.csv", "left@reader.example", AT),
    ],
)
def test_who_left_keeps_the_date(name: str, address: str, left: datetime) -> None:
    import_file(FOLDER / name, "kinaforum", at=AT)
    subscription = Subscription.objects.get(subscriber__key=address)
    assert (subscription.unsubscribed_at, subscription.returns) == (left, True)


def test_a_cleaned_address_keeps_its_date_and_reason() -> None:
    import_file(FOLDER / "cleaned_email_audience_export.csv", "kinaforum", at=AT)
    row = Suppression.objects.get()
    assert (row.reason, row.at) == ("bounced", datetime(2020, 3, 4, 17, 30, 5, tzinfo=UTC))
    assert not Subscription.objects.exists()


OTHERS = {  # as their documents and source code name columns and states
    "ActiveCampaign": "Email,List Status\na,Active\nleft,Unsubscribed\nbounced,Bounced\nwaits,Unconfirmed\n",
    "AWeber": "Email,Status,Stop Status,Verified\na,subscribed,,Y\nleft,subscribed,Unsubscribed,Y\n"
    "waits,subscribed,,N\n",
    "Brevo": "EMAIL;EMAIL_BLACKLISTED\na;FALSE\nleft;TRUE\n",
    "Brevo, by channel": "EMAIL;Email campaigns\na;Subscribed\nleft;Unsubscribed\nblocked;Blocklisted\n",
    "Buttondown": "email_address,creation_date,type\na,,regular\nwaits,,unactivated\ncomplained,,complained\n",
    "Constant Contact": "Email address,Email status,Email permission status\na,Active,Express\n"
    "left,Unsubscribed,Unsubscribed\nwaits,Awaiting confirmation,Pending\n",
    "HubSpot": "Email,Unsubscribed from all email,Email hard bounce reason\na,,\nleft,true,\n"
    "bounced,false,UNKNOWN_USER\n",
    "HubSpot, who left": "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report\nleft,,TRUE,\nbounced,TRUE,,\n"
    "complained,,,TRUE\n",
    "Klaviyo, by channel": "Email,Email Marketing Consent,SMS Marketing Consent\na,SUBSCRIBED,NEVER_SUBSCRIBED\n",
    "a CRM system": "Email,Email Opt Out,Fax Opt Out,SMS blacklisted,WhatsApp,Unsubscribe key\n"
    "a,no,yes,yes,Unsubscribed,x8f2\nleft,yes,no,no,,y1d7\n",
    "a shop": "email,Removed,Cancelled\na,no,\nleft,,2024-01-02\n",
    "pandas": "email,unsubscribed,newsletter\na,0.0,1.0\nleft,1.0,\n",
    "a membership list": "E-post,Nyhetsbrev,Samtykke\na,Ja takk,2024-01-02\nleft,Nei takk,\n",
    "a list of consents": "email,consent,unsubscribed\na,given,not unsubscribed\nleft,withdrawn,\n",
    "a database": "email,unsubscribed_at,deleted_at,cancelled_at,bounce_type,blocked\n"
    "a,NULL,0000-00-00 00:00:00,None,soft,n/a\nleft,2024-01-02 10:00:00,NULL,NULL,,\n",
    "Keila": "Email,Status\na,active\nleft,unsubscribed\nbounced,unreachable\n",
    "Klaviyo": "Email,Email Marketing Consent,Email Suppressions\na,SUBSCRIBED,[]\nleft,UNSUBSCRIBED,[]\n"
    "waits,NEVER_SUBSCRIBED,[]\nbounced,SUBSCRIBED,['HARD_BOUNCE']\ncomplained,SUBSCRIBED,['SPAM_COMPLAINT']\n",
    "Mailchimp, all": "Email Address,Email Marketing\na,Subscribed\nleft,Unsubscribed\nwaits,Non-Subscribed\n"
    "bounced,Cleaned\n",
    "Mautic": "email,dnc,dnc_reason,doNotContact\na,,,0\nleft,email,Unsubscribed,1\nbounced,email,Bounced,2\n",
    "phpList": "Email\tIs this subscriber confirmed\tIs this subscriber blacklisted\tNumber of bounces\na\t1\t0\t3\n"
    "waits\t0\t0\t0\nleft\t1\t1\t0\n",
    "WordPress Newsletter": "Email;Name;Surname;Gender;Status;Date;Token\na;;;f;C;;\nwaits;;;m;S;;\nleft;;;m;U;;\n"
    "bounced;;;m;B;;\ncomplained;;;m;P;;\n",
    "Zoho": "Contact Email,Contact Status,Address\na,Active,Oslo\nleft,Unsubscribed,\nblocked,Do-Not-Mail,\n"
    "complained,Spam,\n",
    "a list without a header": "a,Kari,Nordmann\nleft,Ola,unsubscribed\n",
    "an address with a region": "email,state,country\na,CA,US\nleft,unsubscribed,US\n",
    "a link to unsubscribe": "email,Unsubscribe URL\na,https://example.com/u/1\n",
}
"""Lines of files of further tools; who they are about says what must become of them."""


def test_who_left_is_known_in_files_of_other_tools(take: conftest.Import) -> None:
    wrong: list[str] = []
    for tool, text in OTHERS.items():
        people = re.findall(rf"^(?:{'|'.join(('a', 'left', 'waits', *BLOCKED))})(?=[,;\t])", text, re.MULTILINE)
        for person in people:
            text = re.sub(rf"^{person}(?=[,;\t])", f"{person}@{len(wrong)}.reader.example", text, flags=re.MULTILINE)
        report = take(text)
        found = {each.partition("@")[0] for each in receiving()}
        reasons = sorted(Suppression.objects.values_list("reason", flat=True))
        states = {
            row.subscriber.key.partition("@")[0]: row.state for row in Subscription.objects.select_related("subscriber")
        }
        expected = {"a": "active", "left": "unsubscribed", "waits": "pending"}
        if (
            report.refused
            or found != {"a"} & set(people)
            or reasons != sorted(BLOCKED[each] for each in people if each in BLOCKED)
            or states != {each: expected[each] for each in people if each in expected}
        ):
            wrong.append(f"{tool}: {found} {states} {reasons} {[str(each.reason) for each in report.refused]}")
        Subscriber.objects.all().delete()
        Suppression.objects.all().delete()
    assert wrong == []


@pytest.mark.parametrize("head", ["email,status", "email,status,first_name,created_at"])
def test_an_unknown_state_is_refused(take: conftest.Import, head: str) -> None:
    report = take(f"{head}\na@reader.example,resting\nb@reader.example,\n")
    (refusal,) = report.refused
    assert str(refusal.reason).startswith("'resting' is not a known state; correct it")
    assert receiving() == {"b@reader.example"}


def test_who_left_is_stored_whatever_the_date_of_subscribing_is(take: conftest.Import) -> None:
    assert take("email,status,created\nleft@reader.example,unsubscribed,01/02/2020\n").suppressed == 1
    assert len(take("email\nleft@reader.example\n").refused) == 1


@pytest.mark.parametrize(
    ("name", "suppressed"),
    [
        ("Kinaforum unsubscribes 2026-01-02.csv", 1),
        ("export_unsubscribed_people.csv", 1),
        ("bounces.csv", 1),
        ("subscribers-without-unsubscribed.csv", 0),
        ("kinaforum cleaned.csv", 0),
        ("cleaned.csv", 1),
        ("cleaned list 2026.csv", 0),
        ("corporate.csv", 0),
    ],
)
def test_the_name_of_a_file_may_say_that_everybody_left(take: conftest.Import, name: str, suppressed: int) -> None:
    assert take("email\nkari@reader.example\n", name=name).suppressed == suppressed


def test_left_elsewhere_is_of_this_newsletter_only_and_blocked_is_for_all(tmp_path: Path) -> None:
    import_file(FOLDER / "kit.csv", "kinaforum", at=AT)
    (older,) = older_lists(tmp_path, ["kit.csv"])
    import_file(older, "daily", consent="they asked for this one, too", at=AT)
    found = Subscription.objects.receiving_on("daily", AT.date()).values_list("subscriber__key", flat=True)
    assert {kind(each) for each in found} == {"a", "waits", "left"}
