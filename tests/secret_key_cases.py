"""What is made under the secret key: each case makes a value, and returns a function that returns whether it is still
recognized (tests/test_key_rotation.py).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import altcha
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils import timezone

from newsletter import config
from newsletter.backup import restore
from newsletter.bounces import webhook_secrets
from newsletter.bounces.processing import BounceEffect, process
from newsletter.models import Edition
from newsletter.sending import audience, return_path
from newsletter.web.desk import body_limits, users
from newsletter.web.desk.login import recovery_codes
from newsletter.web.desk.subscribers import file_import, uploads
from newsletter.web.desk.subscribers.import_jobs import ImportOrder
from subscribers import delayed_confirmations, erasure, preferences, signup, subscription_requests, tokens
from subscribers.addresses import read_address
from subscribers.importing.block_list import BlockList
from subscribers.models import (
    EmailKind,
    Fingerprint,
    Hits,
    Import,
    ImportChange,
    Subscription,
    Suppression,
)
from subscribers.protection import challenges
from subscribers.protection.sign_up_limits import Request
from subscribers.signup import ConfirmResult
from tests.bounces.reading.bounce_samples import complaint, report
from tests.sending import outbox_samples as samples
from tests.subscribers import make as people
from tests.web import make as desk

Holds = Callable[[], bool]
"""Returns whether what was made under the old key is still recognized."""

BARE = "bounce@example.org"
HOUR = timedelta(hours=1)
KARI = "kari@reader.example"


def link() -> Holds:
    """The links of an edition: /u/, /p/, List-Unsubscribe."""
    number = people.add_subscription().pk
    token = tokens.link_token(number)
    return lambda: preferences.subscription_of(token) == Subscription.objects.get(pk=number)


def link_of_a_test_email() -> Holds:
    token = tokens.link_token_for_tests()
    return lambda: tokens.read_link(token) == tokens.TEST_NUMBER


def mailto_unsubscribe() -> Holds:
    token = tokens.link_token(people.add_subscription().pk)
    raw = f"From: {KARI}\r\nTo: bounce+u-{token}@example.org\r\nSubject: unsubscribe\r\n\r\n".encode()
    return lambda: process(config.current(), raw, samples.NOW) == (BounceEffect.UNSUBSCRIBED, 0)


def confirmation() -> Holds:
    subscription_requests.request_subscription(
        Request("kinaforum", read_address(KARI), "en", "Yes", "192.0.2.7", "https://blog.example/", timezone.now())
    )
    token = people.only_email(kind=EmailKind.CONFIRM).context["link"].rpartition("/")[2]
    return lambda: signup.confirm(config.current(), token, timezone.now())[0] is ConfirmResult.DONE


def solved_challenge() -> Holds:
    challenge = altcha.Challenge.from_dict(challenges.create(timezone.now()))
    answer = altcha.solve_challenge(challenge)
    assert answer is not None
    text = altcha.Payload(challenge, answer).to_base64()
    return lambda: challenges.read(text) is not None


def personal_page() -> Holds:
    subscription = people.add_subscription()
    preferences.send_profile_link(subscription, timezone.now())
    token = people.only_email(kind=EmailKind.ME).context["link"].rpartition("/")[2]
    return lambda: preferences.profile_of(token) == (ConfirmResult.DONE, subscription.subscriber)


def change_of_address() -> Holds:
    subscriber = people.add_subscription().subscriber
    preferences.request_address_change(subscriber, read_address("new@reader.example"), timezone.now())
    token = people.only_email(kind=EmailKind.CHANGE).context["link"].rpartition("/")[2]
    return lambda: preferences.change_address(token, timezone.now())[0] is ConfirmResult.DONE


def suppressed_address() -> Holds:
    Suppression.objects.suppress(KARI, Suppression.Reason.BOUNCED)
    return lambda: Suppression.objects.suppressed([KARI]) == {KARI: "bounced"}


def suppressed_domain() -> Holds:
    Suppression.objects.suppress_domain("reader.example", Suppression.Reason.BY_HAND)
    return lambda: Suppression.objects.suppressed([KARI]) == {KARI: "by hand"}


def erased_person() -> Holds:
    people.add_subscription(KARI)
    erasure.forget(read_address(KARI))
    return lambda: Suppression.objects.suppressed([KARI]) == {KARI: "erased"}


def suppression_of_a_subscriber() -> Holds:
    """The audience is chosen in SQL, which compares the hashes of both tables."""
    tokens.check_key()
    people.add_subscription(KARI)
    Suppression.objects.suppress(KARI, Suppression.Reason.BOUNCED)

    def holds() -> bool:
        tokens.check_key()
        return not Subscription.objects.receiving(config.current().newsletters["kinaforum"], samples.NOW).exists()

    return holds


def suppression_by_a_second_reason() -> Holds:
    """A row under an old key is the same row: suppressing again makes no second one."""
    Suppression.objects.suppress(KARI, Suppression.Reason.BOUNCED)
    return lambda: not Suppression.objects.suppress(KARI, Suppression.Reason.COMPLAINED)


def address_that_was_left() -> Holds:
    """Imports can't add it, moving away again makes no second row, and an admin can use it again."""
    preferences.move(people.add_subscription(KARI).subscriber, "new@reader.example", timezone.now())

    def holds() -> bool:
        Suppression.objects.keep_imports_away(KARI)
        kept_away = Suppression.objects.suppressed([KARI]) == {KARI: "unsubscribed"}
        is_one = Suppression.objects.count() == 1
        Suppression.objects.take_up_again(KARI)
        return kept_away and is_one and not Suppression.objects.exists()

    return holds


def suppression_by_an_import() -> Holds:
    """A list that was blocked under an old key is known, and the row gets the present key when its reason changes."""
    blocked = (Suppression.Kind.ADDRESS, KARI)

    def block(reason: Suppression.Reason) -> bool:
        found = BlockList()
        found.look_up([blocked])
        found.block(blocked, reason, "", timezone.now())
        return not ImportChange.objects.bulk_create(found.save(Import.objects.create(at=timezone.now()).pk))

    block(Suppression.Reason.BOUNCED)
    return lambda: not block(Suppression.Reason.COMPLAINED) and Suppression.objects.count() == 1


def counts_of_an_erased_person() -> Holds:
    """Counts of requests name nobody, and yet end with the person."""
    address = read_address(KARI)
    Hits.objects.increment(samples.NOW, HOUR, subscription_requests.confirmations_counter(address.key))

    def holds() -> bool:
        erasure.forget(address)
        return not Hits.objects.exists()

    return holds


def count_of_requests() -> Holds:
    Hits.objects.increment_and_count("network", samples.NOW, HOUR)

    def holds() -> bool:
        seen = Hits.objects.counts(samples.NOW, HOUR, "network")
        return (seen, Hits.objects.increment_and_count("network", samples.NOW, HOUR)) == ([1], 2)

    return holds


def code_of_a_delayed_confirmation() -> Holds:
    code = delayed_confirmations.codes("kinaforum", "kari@reader.example")[0]
    return lambda: code in delayed_confirmations.codes("kinaforum", "kari@reader.example")


def key_of_the_database() -> Holds:
    tokens.check_key()

    def holds() -> bool:
        tokens.check_key()
        return Fingerprint.objects.get().value == tokens.fingerprint()

    return holds


def key_of_a_backup() -> Holds:
    made = tokens.fingerprint()
    return lambda: restore.has_key_of(made)


def return_path_of_a_delivery() -> Holds:
    edition = samples.sending(1)
    raw = report(to=return_path.return_path(BARE, edition.pk, 1))
    return lambda: process(config.current(), raw, samples.NOW) == (BounceEffect.HARD, 1)


def address_of_a_webhook() -> Holds:
    """The secret that was entered at an email service."""
    entered = webhook_secrets.current("brevo")
    return lambda: entered in webhook_secrets.valid("brevo")


def message_id_in_a_bounce() -> Holds:
    (recipient,) = _recipients(samples.sending(1))
    raw = report(to=BARE, address="r1@reader.example").replace(b"0a1b2c", recipient.message_id.encode())
    return lambda: process(config.current(), raw, samples.NOW) == (BounceEffect.HARD, 0)


def message_id_beside_a_link() -> Holds:
    """The link names the subscription, the Message-ID which of its editions a complaint is about."""
    samples.subscribers(1)
    first, second = (samples.begun(samples.queued(period)) for period in ("2026-W05", "2026-W06"))
    Edition.objects.filter(pk=second.pk).update(began_at=samples.NOW + HOUR)
    (recipient,) = _recipients(first)
    quoted = complaint(return_path="someone@elsewhere.example", token=recipient.token)
    raw = quoted.replace(b"0a1b2c", recipient.message_id.encode())

    def holds() -> bool:
        return (
            process(config.current(), raw, samples.NOW + HOUR)[0] is BounceEffect.COMPLAINT and first.bounces.exists()
        )

    return holds


def recovery_code() -> Holds:
    user = desk.person()
    code, *_others = recovery_codes.make(user, by=user.username)
    return lambda: recovery_codes.use(user, code) is not None


def password_link() -> Holds:
    user = desk.person()
    key, token = users.invitation(user, "").rstrip("/").split("/")[-2:]
    return lambda: users.invited(key, token) == user


def first_account_link() -> Holds:
    url = users.setup_link("")
    assert url is not None
    token = url.rstrip("/").rpartition("/")[2]
    return lambda: users.setup_allowed(token)


def session() -> Holds:
    """Both the session's data and its hash of the password."""
    client = Client()
    client.force_login(desk.person(), backend="django.contrib.auth.backends.ModelBackend")
    return lambda: client.get("/desk/account/").status_code == 200


def session_of_an_upload() -> Holds:
    """A body is admitted by its session before Django sees it."""
    client = Client()
    client.force_login(desk.person(), backend="django.contrib.auth.backends.ModelBackend")
    cookie = f"{django_settings.SESSION_COOKIE_NAME}={client.session.session_key}".encode()
    return lambda: body_limits.body_limit({"path": "/desk/", "headers": [(b"cookie", cookie)]}) > 0


def message_after_a_redirect() -> Holds:
    client = Client()
    client.force_login(desk.person(admin=True), backend="django.contrib.auth.backends.ModelBackend")
    other = desk.person("anna@example.org")
    answer = client.post(f"/desk/users/{other.pk}/", {"act": "factor"})
    assert answer.status_code == 302
    return lambda: "Two-step login is off for anna@example.org." in client.get("/desk/users/").content.decode()


def step_of_an_import() -> Holds:
    kept = uploads.keep(SimpleUploadedFile("readers.csv", b"email\n"))
    token = file_import._token(ImportOrder("kinaforum", "at the fair", "active", kept, "readers.csv"))

    def holds() -> bool:
        request = RequestFactory().post("/", {"token": token})
        vars(request)["config"] = config.current()
        try:
            return file_import._opened(request).file == kept
        except file_import._Missing:
            return False

    return holds


CASES = (
    link,
    link_of_a_test_email,
    mailto_unsubscribe,
    confirmation,
    solved_challenge,
    personal_page,
    change_of_address,
    suppressed_address,
    suppressed_domain,
    erased_person,
    suppression_of_a_subscriber,
    suppression_by_a_second_reason,
    address_that_was_left,
    suppression_by_an_import,
    counts_of_an_erased_person,
    count_of_requests,
    code_of_a_delayed_confirmation,
    key_of_the_database,
    key_of_a_backup,
    return_path_of_a_delivery,
    address_of_a_webhook,
    message_id_in_a_bounce,
    message_id_beside_a_link,
    recovery_code,
    password_link,
    first_account_link,
    session,
    session_of_an_upload,
    message_after_a_redirect,
    step_of_an_import,
)


def _recipients(edition: Edition) -> list[Any]:
    return audience.recipients(config.current(), edition, {1: 1}, samples.NOW)
