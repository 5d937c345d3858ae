"""The public pages over HTTP: content, actions and header fields."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from subscribers import cadences, preferences
from subscribers.models import EmailKind, Subscriber, Subscription, TransactionalEmail
from subscribers.tokens import Purpose, link_token, link_token_for_tests, timed_token
from tests import settings
from tests.subscribers.make import add_subscription, only_email, path

pytestmark = pytest.mark.django_db
State = Subscription.State
SUBSCRIBE = "/n/kinaforum/subscribe"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


def test_a_form_in_the_browsers_language(client: Client) -> None:
    answer = client.get(SUBSCRIBE, headers={"Accept-Language": "nn-NO,en;q=0.5"})
    assert answer.status_code == 200
    assert '<html lang="nn" dir="ltr">' in answer.text
    assert "Kinaforum" in answer.text


def test_a_form_in_the_language_that_was_chosen(client: Client) -> None:
    assert '<html lang="fr" dir="ltr">' in client.get(f"{SUBSCRIBE}?lang=fr", headers={"Accept-Language": "nn"}).text


def test_a_form_in_the_newsletters_language(client: Client) -> None:
    assert '<html lang="nb" dir="ltr">' in client.get(SUBSCRIBE, headers={"Accept-Language": "zh-CN"}).text


def test_an_unknown_newsletter_is_not_found(client: Client) -> None:
    assert client.get("/n/nothing/subscribe").status_code == 404


def test_subscribing_with_the_form(client: Client) -> None:
    asked = client.post(SUBSCRIBE, {"address": "kari@reader.example"}, headers={"Accept-Language": "en"})
    assert asked.status_code == 202
    assert "Check your inbox" in asked.text
    link = path(only_email().context["link"])
    assert "k…@r….example" in client.get(link).text
    assert Subscription.objects.get().state == State.PENDING
    done = client.post(link).text
    assert 'send the next edition of Kinaforum to <span class="whole">k…@r….example</span>' in done
    assert Subscription.objects.get().state == State.ACTIVE


def test_an_invalid_address_is_shown_again_with_the_remedy(client: Client) -> None:
    answer = client.post(SUBSCRIBE, {"address": "kari@reader"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert 'value="kari@reader"' in answer.text
    assert 'aria-describedby="address-fault"' in answer.text
    assert "Enter a complete email address" in answer.text


def test_a_request_with_the_hidden_field_is_ignored(client: Client) -> None:
    answer = client.post(SUBSCRIBE, {"address": "kari@reader.example", "website": "https://spam.example"})
    assert answer.status_code == 202
    assert not TransactionalEmail.objects.exists()


def open_to(origin: str) -> None:
    text = settings.TEXT.replace('title = "Kinaforum"', f'title = "Kinaforum"\nform_origins = ["{origin}"]')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))


def test_a_configured_site_may_subscribe_by_script(client: Client) -> None:
    open_to("https://blog.example")
    headers = {"Origin": "https://blog.example"}
    before = client.options(SUBSCRIBE, headers=headers)
    assert (before.status_code, before["Access-Control-Allow-Origin"]) == (204, "https://blog.example")
    body = json.dumps({"address": "kari@reader.example"})
    answer = client.post(SUBSCRIBE, body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (202, "https://blog.example")
    assert TransactionalEmail.objects.count() == 1


def test_other_sites_may_not_subscribe_by_script(client: Client) -> None:
    assert "Access-Control-Allow-Origin" not in client.options(SUBSCRIBE, headers={"Origin": "https://blog.example"})


@pytest.mark.parametrize("body", ["[]", '{"address": 7}', "{", '"x"', "\xff"])
def test_invalid_requests_are_refused(client: Client, body: str) -> None:
    answer = client.post(SUBSCRIBE, body, content_type="application/json", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()) == (400, {"error": "Enter your email address."})


def test_unsubscribing_with_the_form(client: Client) -> None:
    link = f"/u/{link_token(add_subscription().pk)}"
    assert "Unsubscribe" in client.get(link).text
    assert Subscription.objects.get().state == State.ACTIVE
    assert "You've unsubscribed from Kinaforum" in client.post(link).text
    assert "Thank you for telling us" in client.post(link, {"reason": "too  much\r\n"}).text
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.reason) == (State.UNSUBSCRIBED, "too much")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, FORM),
        ('--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
    ],
)  # fmt: skip
def test_one_click(client: Client, body: str, kind: str) -> None:
    link = f"/u/{link_token(add_subscription().pk)}"
    for _ in range(2):
        answer = client.post(link, body, content_type=kind)
        assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"", {})
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", FORM),
        ("x" * 3_000_000, FORM),
        ("no multipart", "multipart/form-data"),
        ("{}", "application/json"),
        ("&" * 5_000, FORM),
    ],
)
def test_unsubscribing_works_with_any_body(client: Client, body: str, kind: str) -> None:
    link = f"/u/{link_token(add_subscription().pk)}"
    assert client.post(link, body, content_type=kind).status_code == 200
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


def test_unsubscribing_from_a_removed_newsletter(client: Client) -> None:
    link = f"/u/{link_token(add_subscription(newsletter='of-old').pk)}"
    assert client.get(link).status_code == 200
    assert "of-old" in client.post(link).text
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


def test_unsubscribing_after_erasure(client: Client) -> None:
    subscription = add_subscription()
    Subscriber.objects.all().delete()
    assert client.post(f"/u/{link_token(subscription.pk)}", ONE_CLICK, content_type=FORM).status_code == 200
    assert "no longer exists" in client.get(f"/u/{link_token(subscription.pk)}").text


@pytest.mark.parametrize("where", ["u", "p"])
def test_links_of_test_emails_say_that_they_do_nothing(client: Client, where: str) -> None:
    for answer in (client.get(f"/{where}/{link_token_for_tests()}"), client.post(f"/{where}/{link_token_for_tests()}")):
        assert answer.status_code == 200
        assert "belong to a subscriber" in answer.text


def test_changing_preferences(client: Client) -> None:
    subscription = add_subscription()
    link = f"/p/{link_token(subscription.pk)}"
    shown = client.get(link).text
    assert "k…@r….example" in shown
    assert "kari@" not in shown
    assert "Daglig" in shown
    until = timezone.localdate() + timedelta(days=14)
    assert "Paused until" in client.post(link, {"do": "pause", "until-kinaforum": until.isoformat()}).text
    assert Subscription.objects.get().paused_until == until
    assert "Your subscription has resumed" in client.post(link, {"do": "resume"}).text
    assert Subscription.objects.get().paused_until is None
    assert "You've unsubscribed." in client.post(link, {"do": "leave"}).text
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


@pytest.mark.parametrize("until", ["", "yesterday", "2020-01-01", "2999-01-01"])
def test_a_pause_ends_within_a_year(client: Client, until: str) -> None:
    answer = client.post(f"/p/{link_token(add_subscription().pk)}", {"do": "pause", "until-kinaforum": until})
    assert answer.status_code == 400
    assert answer.text.count("Choose a date within the next year") == 1
    assert 'aria-describedby="until-kinaforum-fault" autofocus' in answer.text
    assert Subscription.objects.get().paused_until is None


def test_the_preferences_say_when_the_next_email_comes_and_show_the_pause(client: Client) -> None:
    subscription = add_subscription()
    card = client.get(f"/p/{link_token(subscription.pk)}", headers={"Accept-Language": "en"}).text
    card = card.partition('aria-labelledby="n-daily"')[0]
    assert cadences.next_due(config.current().newsletters["kinaforum"], "", timezone.now()) in card
    assert card.count("The next email comes around") == 1
    assert '<details class="pause" open>' in card
    preferences.pause(subscription, timezone.localdate() + timedelta(days=14))
    answer = client.get(f"/p/{link_token(subscription.pk)}", headers={"Accept-Language": "en"})
    assert "The next email comes around" not in answer.text


def test_pauses_are_closed_for_who_has_several_newsletters_but_for_a_refused_one(client: Client) -> None:
    add_subscription(newsletter="daily")
    link = f"/p/{link_token(add_subscription().pk)}"
    assert client.get(link).text.count('<details class="pause">') == 2
    refused = client.post(link, {"do": "pause daily"}, headers={"Accept-Language": "en"}).text
    assert refused.count('<details class="pause" open>') == 1
    assert "Choose a date within the next year." in refused.partition('<details class="pause" open>')[2]


def test_nothing_is_said_about_the_next_email_of_a_newsletter_without_a_schedule() -> None:
    newsletter = config.current().newsletters["kinaforum"]
    for unscheduled in (replace(newsletter, sources=()), replace(newsletter, status="paused")):
        assert cadences.next_due(unscheduled, "", timezone.now()) == ""
    assert cadences.next_due(replace(newsletter, cadences=("week", "post")), "post", timezone.now()) == ""


@pytest.mark.parametrize(("other", "offered"), [("active", True), ("pending", True), ("unsubscribed", False)])
def test_everything_can_be_unsubscribed_from_at_once_if_it_is_more_than_one(
    client: Client, other: str, offered: bool
) -> None:
    add_subscription(newsletter="daily", state=State(other))
    text = client.get(f"/p/{link_token(add_subscription().pk)}").text
    assert ('value="leave-all"' in text) is offered
    assert 'value="leave kinaforum" class="leave"' in text


def test_subscribing_to_another_newsletter_needs_confirmation(client: Client) -> None:
    client.post(f"/p/{link_token(add_subscription().pk)}", {"do": "join", "newsletter": "daily"})
    assert Subscription.objects.get(newsletter="daily").state == State.PENDING
    assert only_email().address == "kari@reader.example"


def test_unsubscribing_from_everything(client: Client) -> None:
    add_subscription(newsletter="daily")
    client.post(f"/p/{link_token(add_subscription().pk)}", {"do": "leave-all"})
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.UNSUBSCRIBED}


def test_the_subscription_to_a_newsletter_that_has_ended_can_only_be_left(client: Client) -> None:
    keys = 'status = "archived"\ncadences = ["day", "week"]'
    ended = settings.TEXT.replace('title = "Kinaforum"', f'title = "Kinaforum"\n{keys}')
    config.use(config.parse(ended, settings.FOLDER / "config.toml"))
    token, headers = link_token(add_subscription().pk), {"Accept-Language": "en"}
    card = client.get(f"/p/{token}", headers=headers).text.partition('aria-labelledby="n-daily"')[0]
    assert "This newsletter is no longer published." in card
    assert 'value="leave kinaforum"' in card
    assert "How often?" not in card
    assert 'value="pause kinaforum"' not in card
    assert "Subscribe again" not in client.post(f"/u/{token}", headers=headers).text


def own_page(client: Client) -> str:
    client.post(f"/p/{link_token(add_subscription().pk)}", {"do": "me"})
    return path(only_email(kind=EmailKind.ME).context["link"])


def test_the_profile_page(client: Client) -> None:
    link = own_page(client)
    assert "kari@reader.example" in client.get(link).text
    assert "Lagret." in client.post(link, {"do": "save", "name": " Kari \r\n N ", "language": "nb"}).text
    kari = Subscriber.objects.get()
    assert (kari.name, kari.language) == ("Kari N", "nb")
    data = client.get(f"{link}?data")
    assert data["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert data.json()["name"] == "Kari N"


def test_the_profile_page_is_of_the_newsletter_that_its_link_was_asked_for(client: Client) -> None:
    link = own_page(client)
    add_subscription(newsletter="daily")
    assert '<p class="name" dir="auto">Kinaforum</p>' in client.get(link).text


def test_changing_the_address(client: Client) -> None:
    link = own_page(client)
    client.post(link, {"do": "move", "address": "kari@new.example"})
    confirm = path(only_email(kind=EmailKind.CHANGE).context["link"])
    assert "kari@new.example" in client.get(confirm).text
    assert Subscriber.objects.get().address == "kari@reader.example"
    assert "Your address has been changed" in client.post(confirm).text
    assert Subscriber.objects.get().address == "kari@new.example"


def test_erasing_needs_a_tick(client: Client) -> None:
    link = own_page(client)
    assert client.post(link, {"do": "erase"}).status_code == 400
    assert Subscriber.objects.exists()
    assert "Your data has been deleted" in client.post(link, {"do": "erase", "sure": "yes"}).text
    assert not Subscriber.objects.exists()
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("kind", ["subscribe", "confirm", "u", "p", "me"])
def test_no_page_leaks(client: Client, kind: str) -> None:
    subscription = add_subscription()
    pages = {
        "subscribe": SUBSCRIBE,
        "confirm": f"/confirm/{timed_token(Purpose.CONFIRM, 1, 60)}",
        "u": f"/u/{link_token(subscription.pk)}",
        "p": f"/p/{link_token(subscription.pk)}",
        "me": f"/me/{timed_token(Purpose.ME, subscription.subscriber_id, 60)}",
    }
    for answer in (client.get(pages[kind]), client.post(pages[kind])):
        assert not answer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert "script-src" not in answer["Content-Security-Policy"]
        assert "<script" not in answer.text
