"""Scaleway, by its public documentation."""

from typing import Any

from tests.doubles.providers.double import REFUSED, Answer, Double, Take


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://www.scaleway.com/en/developers/api/transactional-email/: an entry for each recipient."""
    headers = {field["key"]: field["value"] for field in call["additional_headers"]} | {"Subject": call["subject"]}
    address = call["to"][0]["email"]
    if not take(address, call["text"], call.get("html", ""), headers):
        return 400, {"type": "invalid_arguments", "message": f"to: {REFUSED}"}
    return 200, {"emails": [{"id": "scaleway-1", "mail_rcpt": address, "status": "new"}]}


DOUBLE = Double(
    settings={"secret_key": "{key}", "project_id": "project", "api_url": "{url}/scaleway/"},
    calls={"/scaleway/emails": _answer},
    reads="emails?page_size=1",
)
