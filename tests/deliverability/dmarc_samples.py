"""DMARC aggregate reports as receivers send them, written here."""

import gzip
import io
import zipfile
from collections.abc import Iterable
from email.message import EmailMessage
from typing import Any

DAY = 86_400
BEGIN = 1_770_249_600  # 2026-02-05


def record(
    address: str = "203.0.113.1", count: int = 12, dkim: str = "pass", spf: str = "pass", done: str = "none"
) -> str:
    """A record of a report."""
    return (
        f"<record><row><source_ip>{address}</source_ip><count>{count}</count><policy_evaluated>"
        f"<disposition>{done}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row>"
        "<identifiers><header_from>example.org</header_from></identifiers><auth_results><dkim>"
        "<domain>example.org</domain><result>pass</result></dkim><spf><domain>b.example.org</domain>"
        "<result>pass</result></spf></auth_results></record>"
    )


def xml(
    *records: str, identifier: str = "r-1", domain: str = "example.org", begin: int = BEGIN, namespace: str = ""
) -> bytes:
    """A report's document."""
    given = f' xmlns="{namespace}"' if namespace else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback{given}><version>1.0</version><report_metadata>'
        f"<org_name>receiver.example</org_name><email>reports@receiver.example</email><report_id>{identifier}</report_id>"
        f"<date_range><begin>{begin}</begin><end>{begin + DAY - 1}</end></date_range></report_metadata>"
        f"<policy_published><domain>{domain}</domain><adkim>r</adkim><p>quarantine</p></policy_published>"
        f"{''.join(records or (record(),))}</feedback>"
    ).encode()


def zipped(document: bytes, name: str = "receiver.example!example.org!1!2.xml") -> bytes:
    """A document in a zip file."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, document)
    return octets.getvalue()


def zipped_together(documents: Iterable[bytes]) -> bytes:
    """Several documents in a zip file."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, document in enumerate(documents):
            archive.writestr(f"{number}.xml", document)
    return octets.getvalue()


def of_size(octets: int, **given: Any) -> bytes:
    """A report's document that is as large as this."""
    records = record() * (octets // len(record()))
    return xml(records, **given)


def email(
    attachment: bytes, kind: str = "gzip", message_id: str = "<1@receiver.example>", *, alone: bool = False
) -> bytes:
    """An email with an attachment; `alone` has no text beside it."""
    mail = EmailMessage()
    mail["From"] = "reports@receiver.example"
    mail["To"] = "bounce+dmarc@example.org"
    mail["Subject"] = "Report Domain: example.org Submitter: receiver.example Report-ID: <r-1>"
    mail["Message-ID"] = message_id
    if alone:
        mail.set_content(attachment, maintype="application", subtype=kind, filename="report")
    else:
        mail.set_content("This is an aggregate report.\n")
        mail.add_attachment(attachment, maintype="application", subtype=kind, filename="report")
    return mail.as_bytes()


def with_zips(archives: Iterable[bytes]) -> bytes:
    """An email with several zip files."""
    mail = EmailMessage()
    mail["From"] = "reports@receiver.example"
    mail["Message-ID"] = "<zips@receiver.example>"
    mail.set_content("These are aggregate reports.\n")
    for number, archive in enumerate(archives):
        mail.add_attachment(archive, maintype="application", subtype="zip", filename=f"{number}.zip")
    return mail.as_bytes()


def report(*records: str, message_id: str = "<1@receiver.example>", identifier: str = "r-1", **given: Any) -> bytes:
    """A gzipped report in an email."""
    return email(gzip.compress(xml(*records, identifier=identifier, **given)), message_id=message_id)
