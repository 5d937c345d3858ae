"""Messages that only look like bounces: automatic replies, receipts, other reports, and what people write."""

import pytest

from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read
from tests.bounces.reading.bounce_samples import VERP, prose, report

KARI = "Kari <kari@reader.example>"
AUTOMATIC = (
    (
        "Auto-Submitted: auto-replied",
        "Undeliverable: I am on holiday",
        "Your message could not be delivered to anyone.",
    ),
    ("Auto-Submitted: auto-generated", "[Ticket 12] Undelivered mail: received", "Thank you for your message."),
    ("Precedence: auto_reply", "Kari has left: message not delivered", "kari@reader.example is no longer in use."),
    ("Precedence: bulk", "Message status", "Your message awaits moderator approval."),
    ("List-Id: <board.reader.example>", "Failed delivery", "The message is held until the moderator has reviewed it."),
    ("X-Test: 1", "Abwesenheitsnotiz: Unzustellbar", "Die Adresse kari@reader.example ist unbekannt verzogen."),
    ("X-Test: 1", "Fraværsmelding", "Adressen finnes ikke lenger."),
    ("X-Test: 1", "Réponse automatique : Uke 6", "Cette adresse n'existe pas."),
)


@pytest.mark.parametrize(("header", "subject", "text"), AUTOMATIC)
def test_an_automatic_reply_is_no_bounce_whatever_its_words(header: str, subject: str, text: str) -> None:
    assert read(f"{header}\n".encode() + prose(text, sender=KARI, subject=subject)).kind is BounceKind.NOTHING


def test_a_request_to_confirm_a_message_is_no_bounce() -> None:
    text = (
        "Your message could not be delivered to kari@reader.example until you verify yourself: https://verify.example/"
    )
    asked = read(b"Return-Path: <>\n" + prose(text, sender=KARI, subject="Undelivered message"))
    assert asked.kind is BounceKind.UNKNOWN


@pytest.mark.parametrize("prefix", ["Fwd", "Re", "SV", "WG", "TR"])
def test_a_bounce_that_a_person_forwards_is_left_to_an_editor(prefix: str) -> None:
    subject = f"{prefix}: Undelivered Mail Returned to Sender"
    text = "What is this?\n\n<ola@reader.example>: host mx[192.0.2.1] said: 550 5.1.1 User unknown"
    assert read(prose(text, sender=KARI, subject=subject)).kind is BounceKind.UNKNOWN
    quoted = "What is this?\n\nFinal-Recipient: rfc822; ola@reader.example\nAction: failed\nStatus: 5.1.1\n"
    assert read(prose(quoted, sender=KARI, subject=subject)).kind is BounceKind.UNKNOWN
    head = f"From: {KARI}\nSubject: {subject}\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
    attached = f"{head}text/plain\n\nWhat is this?\n--x\nContent-Type: message/rfc822\n\n".encode()
    assert read(attached + report() + b"\n--x--\n").kind is BounceKind.UNKNOWN


@pytest.mark.parametrize("kind", ["disposition-notification", "tlsrpt"])
def test_a_receipt_or_a_report_on_tls_is_no_bounce(kind: str) -> None:
    head = f"From: {KARI}\nTo: {VERP}\nSubject: Not read: Uke 6\nContent-Type: multipart/report; report-type={kind}; "
    text = "boundary=x\n\n--x\nContent-Type: text/plain\n\nIt was deleted. The delivery failed.\n--x--\n"
    assert read((head + text).encode()).kind is BounceKind.NOTHING


def test_a_list_of_messages_in_quarantine_is_no_bounce() -> None:
    text = "These messages were not delivered to your mailbox:\n\nFrom: ola@elsewhere.example\nSubject: Hello\n"
    digest = prose(text, sender="quarantine@reader.example", subject="Spam quarantine: undelivered messages")
    assert read(digest).kind is BounceKind.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "The message that you sent was undeliverable to:\n\tkari (kari@reader.example) user not found",
        "The message had PERMANENT fatal delivery errors!\n\nFailed address: kari@reader.example\n\nRecipient unknown",
        "Meldingen kunne ikke leveres.\n\nMottaker: kari@reader.example\n\nMottakeren finnes ikke.",
    ],
)
def test_the_only_address_in_a_daemons_text_is_the_recipient(text: str) -> None:
    returned = read(prose(text))
    assert (returned.kind, returned.recipients) == (BounceKind.HARD, ("kari@reader.example",))


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Kan ikke leveres: Uke 6", "Fant ikke e-postadressen du skrev inn.", BounceKind.HARD),
        ("Kan ikke leveres: Uke 6", "Postboksen til mottakeren er full.", BounceKind.SOFT),
        ("Unzustellbar: Uke 6", "Die E-Mail-Adresse konnte nicht gefunden werden.", BounceKind.HARD),
        ("Unzustellbar: Uke 6", "Das Postfach des Empfängers ist voll.", BounceKind.SOFT),
        ("Non remis : Uke 6", "L'adresse de messagerie que vous avez entrée est introuvable.", BounceKind.HARD),
        ("Недоставленное сообщение", "Пользователь не найден.", BounceKind.HARD),
        ("Недоставленное сообщение", "Почтовый ящик переполнен.", BounceKind.SOFT),
        ("配信不能", "宛先のメールアドレスが見つかりませんでした。", BounceKind.HARD),
    ],
)
def test_reports_in_words_are_read_in_the_languages_of_servers(subject: str, text: str, kind: BounceKind) -> None:
    told = prose(f"{text}\n\nkari@reader.example\n{text}\n", sender="postmaster@reader.example", subject=subject)
    returned = read(told)
    assert (returned.kind, returned.recipients) == (kind, ("kari@reader.example",))
