"""Which tool wrote a file, told by its headers, and what its columns mean.

The header rows are those of the tools' own export files; case, spaces and underscores make no difference.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

LEFT = frozenset((
    "unsubscribed", "cleaned", "bounced", "complained", "inactive", "removed", "blocklisted", "blacklisted",
    "cancelled", "canceled", "junk", "disabled", "deleted", "spammy", "undeliverable", "suppressed", "hard_bounced",
    "spam",
))  # fmt: skip
"""States that say: this person is to get nothing more."""
WAITING = frozenset(("pending", "unconfirmed", "unactivated", "non-subscribed", "nonsubscribed", "transactional"))
"""States that say: this person never confirmed."""
ENDED = ("unsubtime", "cleantime", "unsubscribedat", "unsubscribedon", "deletedat", "cancelledat")
"""Columns that hold a time only where somebody is to get nothing more."""
YES, NO = frozenset({"true", "yes", "1", "t", "y"}), frozenset({"false", "no", "0", "f", "n"})


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file: the headers by which it is known, and which of them holds what ("" for none)."""

    name: str
    signs: frozenset[str]
    address: str
    names: tuple[str, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()
    state: str = ""
    joined: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unescape: bool = False


def _form(name: str, signs: str, address: str, **columns: object) -> Form:
    return Form(name, frozenset(signs.split()), address, **columns)  # type: ignore[arg-type]


FORMS = (
    _form("newsletter", "address newsletter state consent", "address", names=("name",), language="language",
          tags=("tags",), state="state", joined=("joined",), unescape=True),
    _form("Mailchimp", "emailaddress memberrating", "emailaddress", names=("firstname", "lastname"),
          language="language", tags=("tags",), joined=("confirmtime", "optintime")),
    _form("Substack", "email activesubscription", "email", names=("name",), joined=("createdat", "startdate"),
          wanted=("emaildisabled!",)),
    _form("Buttondown", "email creationdate", "email", tags=("tags",), state="type|subscribertype",
          joined=("creationdate",)),
    _form("Ghost", "email subscribedtoemails", "email", names=("name",), tags=("labels",), joined=("createdat",),
          wanted=("subscribedtoemails",)),
    _form("listmonk", "email uuid attributes", "email", names=("name",), state="status", joined=("createdat",)),
    _form("Kit", "email firstname status createdat", "email", names=("firstname",), tags=("tags",), state="status",
          joined=("createdat",)),
    _form("MailerLite", "subscriber subscribed location", "subscriber", names=("name", "lastname"), state="status",
          joined=("subscribed",)),
    _form("MailerLite", "email subscribedat", "email", names=("name", "lastname"), state="status|type",
          joined=("subscribedat",)),
)  # fmt: skip

KEPT = ("newsletter", "pauseduntil", "consent", "consentat", "consenthow", "consentwording", "consentlanguage",
        "consentnetwork", "consentpage", "confirmedat")  # fmt: skip
"""Columns that only our own export has; in the order of Kept's fields."""
ADDRESS = ("email", "emailaddress", "address", "mail", "epost", "epostadresse", "emailadresse", "correo", "adressemail")
PLAIN = Form(
    "a list", frozenset(), "", ("name", "fullname", "firstname", "lastname", "navn"), "language|lang",
    ("tags", "labels"), "status|state", ("joined", "createdat", "created", "subscribedat"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """What our own export tells besides, of the newsletter that it names: a pause, and the consent that held."""

    newsletter: str
    paused_until: date | None
    text: str
    at: datetime | None
    how: str
    wording: str
    language: str
    network: str
    page: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """What one line says of a person, before the address was checked."""

    address: str
    name: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    state: str = ""
    joined: datetime | None = None
    kept: Kept | None = None


@dataclass(frozen=True)
class Columns:
    """Where each thing stands in a line of a file; made once a file."""

    form: str
    width: int
    address: int
    names: tuple[int, ...] = ()
    language: int = -1
    tags: tuple[int, ...] = ()
    state: int = -1
    joined: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    wanted: tuple[tuple[int, frozenset[str]], ...] = field(default=())
    unescape: bool = False
    kept: tuple[int, ...] = ()

    def row(self, cells: Sequence[str]) -> Row:
        """What a line says."""
        if self.unescape:
            cells = [c[1:] if c[:1] == "'" and c[1:2] in "=+-@\t\r" else c for c in cells]
        return Row(
            address=cells[self.address].strip(),
            name=" ".join(word for n in self.names for word in cells[n].split()),
            language=cells[self.language].strip() if self.language >= 0 else "",
            tags=tuple(t for n in self.tags for t in _tags(cells[n])),
            state=self._state(cells),
            joined=next((m for n in self.joined if (m := moment(cells[n]))), None),
            kept=_kept([cells[n].strip() for n in self.kept]) if self.kept else None,
        )

    def _state(self, cells: Sequence[str]) -> str:
        """ "" for somebody who gets mail, "left" and "waiting" for who does not."""
        word = cells[self.state].strip().lower().replace(" ", "_") if self.state >= 0 else ""
        if word in LEFT or any(cells[n].strip().lower() in no for n, no in self.wanted):
            return "left"
        if any(cells[n].strip() for n in self.ended):
            return "left"
        return "waiting" if word in WAITING else ""


def squeezed(header: str) -> str:
    """A header so that spellings of one are one: `Email Address`, `email_address` → `emailaddress`."""
    return re.sub(r"[\W_]+", "", header.lower())


def recognise(headers: Sequence[str]) -> Columns | None:
    """The columns of a header line; None where it is no header line (a plain list begins with an address)."""
    if any("@" in h for h in headers):
        return None
    at: dict[str, int] = {}
    for number, header in enumerate(headers):
        at.setdefault(squeezed(header), number)
    form = next((f for f in FORMS if f.signs <= at.keys()), PLAIN)
    address = form.address or next((name for name in ADDRESS if name in at), "")
    if address not in at:
        return None
    return Columns(
        form=form.name,
        width=len(headers),
        address=at[address],
        names=_all(at, form.names[:2] if form is PLAIN and "name" not in at else form.names) or _all(at, form.names),
        language=_first(at, form.language),
        tags=_all(at, form.tags),
        state=_first(at, form.state),
        joined=_all(at, form.joined),
        ended=_all(at, ENDED),
        wanted=tuple((at[w.rstrip("!")], YES if w.endswith("!") else NO) for w in form.wanted if w.rstrip("!") in at),
        unescape=form.unescape,
        kept=_all(at, KEPT) if form.unescape and at.keys() >= set(KEPT) else (),
    )


def _kept(cells: Sequence[str]) -> Kept:
    newsletter, paused, text, at, how, wording, language, network, page, confirmed = cells
    until = moment(paused)
    return Kept(
        newsletter,
        until.date() if until else None,
        text,
        moment(at),
        how,
        wording,
        language,
        network,
        page,
        moment(confirmed),
    )


def _first(at: Mapping[str, int], names: str) -> int:
    return next((at[name] for name in names.split("|") if name in at), -1)


def _all(at: Mapping[str, int], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(at[name] for name in names if name in at)


def _tags(cell: str) -> list[str]:
    """Tags out of `a, b`, `"a","b"` or `["a", "b"]`."""
    return [tag for word in re.split(r"[,;|]", cell.strip("[]")) if (tag := word.strip().strip("\"'"))] if cell else []


_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def moment(cell: str) -> datetime | None:
    """A time as the tools write it (ISO 8601, or US month first); in UTC where no zone stands by it; None for none."""
    text = cell.strip()
    if found := _US.match(text):
        text = f"{found[3]}-{int(found[1]):02}-{int(found[2]):02}{text[found.end() :]}"
    try:
        read = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
