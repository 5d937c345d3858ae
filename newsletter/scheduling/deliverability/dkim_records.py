"""DKIM records (RFC 6376): those of our keys, compared with the keys, or those of a provider that signs."""

from collections.abc import Sequence

from newsletter.config import Dkim
from newsletter.deliverability.key_records import KeyFault, KeyRecord, is_key_record, read
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.services import MailService
from newsletter.deliverability.zone_lines import txt
from newsletter.delivery.dkim_keys import SMALLEST_RSA, DkimError, public_record
from newsletter.messages import MessageType, message_of
from newsletter.messages.deliverability import records as records_messages
from newsletter.messages.deliverability import signatures as messages
from newsletter.mime.headers import ascii_domain
from newsletter.scheduling.check import CheckResult, Verdict

FAULTS: dict[KeyFault, MessageType] = {
    KeyFault.VERSION: messages.DKIM_FAULT_V,
    KeyFault.REPEATED: messages.DKIM_FAULT_REPEATED,
    KeyFault.HASH: messages.DKIM_FAULT_H,
    KeyFault.SERVICE: messages.DKIM_FAULT_S,
    KeyFault.TYPE: messages.DKIM_FAULT_K,
    KeyFault.KEY: messages.DKIM_FAULT_P,
}


def record_name(key: Dkim) -> str:
    """Return the name of a key's record."""
    return f"{key.selector}._domainkey.{ascii_domain(key.domain).lower()}"


def own_key(key: Dkim, keys: Sequence[Dkim], lookups: Lookups) -> CheckResult:
    """Check the record of a key of config.toml. Raises LookupFailed."""
    name = record_name(key)
    try:
        wanted = public_record(key)
    except DkimError as problem:
        return CheckResult(Verdict.BAD, message_of(problem))
    record = txt(name, wanted)
    records = _records(name, lookups)
    if not records:
        return CheckResult(Verdict.BAD, messages.NO_DKIM_RECORD(name=name), record)
    if len(records) > 1:
        return CheckResult(
            Verdict.BAD, records_messages.SEVERAL_RECORDS(name=name, count=len(records), type="DKIM"), record
        )
    if records[0].key and records[0].key != read(wanted).key:
        return CheckResult(Verdict.BAD, messages.OTHER_DKIM_KEY(name=name), record)
    return published(name, records[0], record, beside_rsa=_has_rsa(keys))


def published(name: str, key: KeyRecord, record: str = "", *, beside_rsa: bool = False) -> CheckResult:
    """Return what a record says about its key."""
    if key.fault is KeyFault.REVOKED:
        return CheckResult(Verdict.BAD, messages.DKIM_REVOKED(name=name), record)
    if key.fault is not None:
        return CheckResult(Verdict.BAD, messages.DKIM_FAULT(name=name, cause=FAULTS[key.fault]()), record)
    if key.testing:
        return CheckResult(Verdict.WARNING, messages.DKIM_TESTING(name=name), record)
    if key.type == "ed25519":
        if beside_rsa:
            return CheckResult(Verdict.GOOD, messages.DKIM_BESIDE(name=name))
        return CheckResult(Verdict.WARNING, messages.DKIM_ED25519(name=name))
    if key.bits < SMALLEST_RSA:
        return CheckResult(Verdict.BAD, messages.DKIM_SHORT(name=name, bits=key.bits))
    return CheckResult(Verdict.GOOD, messages.DKIM_RSA(name=name, bits=key.bits))


def key_of_provider(domain: str, service: MailService, lookups: Lookups) -> CheckResult:
    """Check the records of a provider that signs. Raises LookupFailed."""
    worse: CheckResult | None = None
    for selector in service.selectors:
        name = f"{selector}._domainkey.{domain}"
        if records := _records(name, lookups):
            seen = published(name, records[0])
            if seen.verdict is Verdict.GOOD:
                return CheckResult(Verdict.GOOD, messages.SIGNED_BY(provider=service.name, name=name))
            worse = worse or seen
    if worse:
        return worse
    if service.selectors:
        name = f"{service.selectors[0]}._domainkey.{domain}"
        return CheckResult(Verdict.WARNING, messages.NO_KEY_OF_PROVIDER(provider=service.name, name=name))
    return CheckResult(Verdict.UNKNOWN, messages.SIGNING_UNSEEN(provider=service.name, domain=domain))


def _records(name: str, lookups: Lookups) -> list[KeyRecord]:
    return [read(text) for text in lookups.texts(name) if is_key_record(text)]


def _has_rsa(keys: Sequence[Dkim]) -> bool:
    return any(read(public_record(key)).type == "rsa" for key in keys)
