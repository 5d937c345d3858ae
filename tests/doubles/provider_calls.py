"""What APIs of email providers answer to a call, by their public documentation; each by a part of its address.

`take` is given each message as (address, text, HTML, headers), and returns False for an address that is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Take = Callable[[str, str, str, dict[str, str]], bool]
Answer = tuple[int, Any]
REFUSED = "the address is not valid"


def _brevo(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.brevo.com/reference/sendtransacemail: all versions are checked before any is sent."""
    versions = call.get("messageVersions") or [{**call, "to": call["to"]}]
    if any(one["to"][0]["email"].startswith("bad-") for one in versions):
        return 400, {"code": "invalid_parameter", "message": "to is not valid"}
    for one in versions:
        headers = {**call.get("headers", {}), **one.get("headers", {}), "Subject": one.get("subject", call["subject"])}
        html = one.get("htmlContent", call.get("htmlContent", ""))
        take(one["to"][0]["email"], one.get("textContent", call.get("textContent", "")), html, headers)
    return 201, {"messageIds": [f"<brevo-{number}>" for number, _ in enumerate(versions)]}


def _mailjet(call: dict[str, Any], take: Take) -> Answer:
    """https://dev.mailjet.com/email/guides/send-api-v31/: an outcome for each message; `Globals` has the defaults."""
    said: list[dict[str, Any]] = []
    for one in call["Messages"]:
        whole = {**call["Globals"], **one}
        address = whole["To"][0]["Email"]
        headers = {**whole["Headers"], "Subject": whole["Subject"]}
        if take(address, whole["TextPart"], whole.get("HTMLPart", ""), headers):
            said.append({"Status": "success", "To": [{"Email": address, "MessageID": 1, "MessageUUID": "u"}]})
        else:
            said.append({"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "ErrorMessage": REFUSED}]})
    return 200 if all(one["Status"] == "success" for one in said) else 400, {"Messages": said}


def _mailersend(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.mailersend.com/api/v1/email.html: it answers 202 with nothing to read."""
    headers = {field["name"]: field["value"] for field in call["headers"]} | {"Subject": call["subject"]}
    if not take(call["to"][0]["email"], call["text"], call.get("html", ""), headers):
        return 422, {"message": "The to.0.email must be a valid email address."}
    return 202, None


def _mailtrap(call: dict[str, Any], take: Take) -> Answer:
    """https://api-docs.mailtrap.io: it answers with an identifier for each recipient."""
    headers = {**call["headers"], "Subject": call["subject"]}
    if not take(call["to"][0]["email"], call["text"], call.get("html", ""), headers):
        return 400, {"success": False, "errors": [f"'to' {REFUSED}"]}
    return 200, {"success": True, "message_ids": ["mailtrap-1"]}


def _postal(call: dict[str, Any], take: Take) -> Answer:
    """https://docs.postalserver.io/developer/api: errors have status 200 as well."""
    found = re.search(r"<([^<>]+)>$", call["to"][0])
    address = found[1] if found else call["to"][0]
    if not take(
        address, call["plain_body"], call.get("html_body", ""), {**call["headers"], "Subject": call["subject"]}
    ):
        return 200, {"status": "error", "data": {"code": "ValidationError", "message": f"recipient: {REFUSED}"}}
    return 200, {"status": "success", "data": {"message_id": "m", "messages": {address: {"id": 1, "token": "t"}}}}


def _scaleway(call: dict[str, Any], take: Take) -> Answer:
    """https://www.scaleway.com/en/developers/api/transactional-email/: an entry for each recipient."""
    headers = {field["key"]: field["value"] for field in call["additional_headers"]} | {"Subject": call["subject"]}
    address = call["to"][0]["email"]
    if not take(address, call["text"], call.get("html", ""), headers):
        return 400, {"type": "invalid_arguments", "message": f"to: {REFUSED}"}
    return 200, {"emails": [{"id": "scaleway-1", "mail_rcpt": address, "status": "new"}]}


def _sendgrid(call: dict[str, Any], take: Take) -> Answer:
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send: substitutions stay as they are."""
    people = call["personalizations"]
    if any(one["to"][0]["email"].startswith("bad-") for one in people):
        return 400, {"errors": [{"field": "personalizations.0.to.0.email", "message": REFUSED}]}
    bodies = {part["type"]: part["value"] for part in call["content"]}
    for one in people:

        def filled(text: str, own: Mapping[str, str] = one.get("substitutions", {})) -> str:
            for tag, value in own.items():
                text = text.replace(tag, value)
            return text

        headers = {**call.get("headers", {}), **one.get("headers", {}), "Subject": filled(call["subject"])}
        take(one["to"][0]["email"], filled(bodies["text/plain"]), filled(bodies.get("text/html", "")), headers)
    return 202, None


def _sparkpost(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.sparkpost.com/api/transmissions/: it says how many recipients it refused, not which."""
    content, (one,) = call["content"], call["recipients"]
    headers = {**content["headers"], "Subject": content["subject"]}
    taken = take(one["address"]["email"], content["text"], content.get("html", ""), headers)
    counts = {"total_accepted_recipients": int(taken), "total_rejected_recipients": int(not taken)}
    return 200, {"results": {**counts, "id": "sparkpost-1"}}


def _unisender(call: dict[str, Any], take: Take) -> Answer:
    """https://godocs.unisender.ru/web-api-ref#email-send: refused addresses are named beside the others."""
    mail = call["message"]
    address = mail["recipients"][0]["email"]
    body = mail["body"]
    if not take(address, body["plaintext"], body.get("html", ""), {**mail["headers"], "Subject": mail["subject"]}):
        return 400, {"status": "error", "code": 204, "message": REFUSED, "failed_emails": {address: "invalid"}}
    return 200, {"status": "success", "job_id": "unisender-1", "emails": [address]}


def _postal_message(call: dict[str, Any], take: Take) -> Answer:
    """https://docs.postalserver.io/developer/api: there is no message with the number 0."""
    return 200, {"status": "error", "data": {"code": "MessageNotFound", "id": call["id"]}}


def _unisender_info(call: dict[str, Any], take: Take) -> Answer:
    """https://godocs.unisender.ru/web-api-ref#system-info: whose key it is."""
    return 200, {"status": "success", "user_id": 1}


CALLS: Mapping[str, Callable[[Any, Take], Answer]] = {
    "/brevo/v3/smtp/email": _brevo,
    "/mailersend/v1/email": _mailersend,
    "/mailjet/v3.1/send": _mailjet,
    "/mailtrap/api/send": _mailtrap,
    "/postal/api/v1/send/message": _postal,
    "/postal/api/v1/messages/message": _postal_message,
    "/unisender/api/v1/system/info.json": _unisender_info,
    "/scaleway/emails": _scaleway,
    "/sendgrid/v3/mail/send": _sendgrid,
    "/sparkpost/api/v1/transmissions/": _sparkpost,
    "/unisender/api/v1/email/send.json": _unisender,
}
PROVIDERS: Sequence[str] = (
    "brevo", "mailersend", "mailjet", "mailtrap", "postal", "scaleway", "sendgrid", "sparkpost", "unisender_go"
)  # fmt: skip
