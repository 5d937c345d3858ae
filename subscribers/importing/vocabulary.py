"""Words of column names, states and dates in the languages of the catalogues, without accents and in lower case.

Those for people who left are also in Italian, Dutch, Portuguese, Polish and Finnish, so that they stay unsubscribed.

`folded` brings what a file has into that form, `state_word` the state of a person.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from babel.dates import get_day_names, get_month_names

LANGUAGES: Final = ("en", "nb", "nn", "sv", "da", "de", "fr", "es")

ADDRESS = (
    "email", "emailaddress", "mail", "mailaddress", "epost", "epostadresse", "epostadress", "mailadresse",
    "mailadress", "emailadresse", "emailadress", "mejl", "courriel", "adressecourriel", "adresseemail", "adressemail",
    "adresseelectronique", "adressedemessagerie", "correo", "correoelectronico", "direcciondecorreo",
    "direcciondecorreoelectronico", "direcciondeemail",
)  # fmt: skip
RARELY_ADDRESS = ("address", "subscriber")
"""Columns of addresses if no other column has them."""
FULL_NAME = (
    "name", "fullname", "navn", "namn", "fulltnavn", "fulltnamn", "nom", "nomcomplet", "nombre", "nombrecompleto",
    "vollername",
)  # fmt: skip
GIVEN_NAME = ("firstname", "givenname", "fornavn", "fornamn", "vorname", "prenom")
FAMILY_NAME = (
    "lastname", "surname", "familyname", "etternavn", "etternamn", "efternavn", "efternamn", "nachname",
    "familienname", "nomdefamille", "apellido", "apellidos",
)  # fmt: skip

TAGS = (
    "tags", "labels", "tagger", "taggar", "etiketter", "merkelapper", "stikkord", "emneord", "etiketten",
    "schlagworter", "schlagworte", "etiquettes", "motscles", "etiquetas",
)  # fmt: skip
STATE = (
    *(about + word for about in ("", "email", "subscription", "subscriber", "contact", "list", "newsletter", "global",
                                 "marketing", "emailmarketing", "emailsubscription", "permission", "emailpermission")
      for word in ("status", "state")),
    "abonnementsstatus", "abonnentstatus", "statut", "estado", "stato", "situacao", "stan", "tila",
)  # fmt: skip
REGIONS = frozenset(("state", "estado", "stato", "stan"))
"""Columns that have a person's state, or the region where they live if the file has one of `PLACES`, too."""
PLACES = frozenset((
    "city", "town", "street", "zip", "zipcode", "postcode", "postalcode", "postalzip", "country", "ciudad",
    "codigopostal", "pais", "cidade", "cep", "citta", "cap", "paese", "miasto", "kodpocztowy", "kraj",
))  # fmt: skip


def _with_dates(stems: str, suffixes: str, prefixes: str = "") -> tuple[str, ...]:
    """Return the names of columns that have a date: each stem with each word after it, or with one before it."""
    behind = tuple(stem + word for stem in stems.split() for word in suffixes.split())
    return behind + tuple(word + stem for word in prefixes.split() for stem in stems.split())


_NORDIC, _SWEDISH, _GERMAN = "dato tid tidspunkt den", "datum tid tidpunkt den", "am datum zeit zeitpunkt"
_ENGLISH = "at on date time datetime timestamp"

JOINED = (
    "joined", "created", "entered", "pameldt", "pameld", "innmeldt", "registrert", "opprettet", "oppretta",
    "abonnentsiden", "abonnentsidan", "anmald", "registrerad", "skapad", "prenumerantsedan", "tilmeldt", "oprettet",
    "registreret", "angemeldet", "registriert", "erstellt", "abonniertseit", "inscrit", "inscritle", "inscritele",
    "creele", "creeele", "abonnedepuis", "abonneedepuis", "abonnele", "confirmele", "alta", "suscritoel", "suscritael",
    "suscritodesde", "creado", "creadoel", "confirmadoel", "subscribersince", "membersince",
    *_with_dates("joined join created create creation subscribed subscription subscribe signup signedup added add "
                 "registered registration optin optedin confirmed confirm confirmation consent emailmarketingconsent",
                 _ENGLISH, "date dateof"),
    *_with_dates("pameldt pameld pamelding pameldings innmeldt innmelding innmeldings registrert registrering "
                 "registrerings opprettet oppretta opprettelses bekreftet bekrefta bekreftelses stadfesta abonnert "
                 "abonnements samtykke samtykket", _NORDIC, "dato datofor"),
    *_with_dates("tilmeldt tilmelding tilmeldings registreret registrerings oprettet oprettelse oprettelses bekræftet "
                 "bekræftelses indmeldt indmeldelses samtykke", _NORDIC, "dato datofor"),
    *_with_dates("anmald anmalan anmalnings registrerad registrering registrerings skapad bekraftad bekraftelse "
                 "prenumeration prenumerations samtycke", _SWEDISH, "datum datumfor"),
    *_with_dates("angemeldet anmelde anmeldungs anmeldung registriert registrierung registrierungs erstellt "
                 "erstellungs bestatigt bestatigung bestatigungs abonniert beigetreten beitritts einwilligungs",
                 _GERMAN, "datumder datumdes"),
    *_with_dates("inscription creation confirmation abonnement adhesion consentement", "date", "date dated datede "
                 "datedel datedela"),
    *_with_dates("alta registro suscripcion inscripcion creacion confirmacion consentimiento", "fecha",
                 "fecha fechade fechadela fechadel"),
)  # fmt: skip
"""Columns that say since when a person has been subscribed. A word that may stand for yes or no has a date with it."""

ENDED = (
    "blocked", "deleted", "isdeleted", "removed", "cancelled", "canceled", "dnc", "avmeldt", "avmeld",
    "utmeldt", "avregistrerad", "avslutad", "afmeldt", "frameldt", "abgemeldet", "abbestellt",
    "desabonne", "desabonnee", "desinscrit", "desinscrite", "desinscritle", "baja", "dadodebajael",
    *_with_dates("left deleted removed cancelled canceled", _ENGLISH, "date dateof"),
    *_with_dates("avmeldt avmelding avmeldings utmeldt utmelding utmeldings avsluttet avslutta slettet sletta", _NORDIC,
                 "dato datofor"),
    *_with_dates("afmeldt afmelding afmeldings frameldt framelding frameldings udmeldt udmeldelses slettet", _NORDIC,
                 "dato datofor"),
    *_with_dates("avregistrerad avregistrering avregistrerings avanmald avslutad raderad", _SWEDISH, "datum datumfor"),
    *_with_dates("abgemeldet abmelde abmeldungs abmeldung abbestellt abbestellungs ausgetragen austragungs geloscht",
                 _GERMAN, "datumder datumdes"),
    *_with_dates("desinscription desabonnement resiliation", "date", "date dated datede datedela"),
    *_with_dates("baja cancelacion anulacion", "fecha", "fecha fechade fechadela"),
    "disiscritto", "disiscritta", "uitgeschreven", "afgemeld", "descadastrado", "descadastrada", "wypisany",
    *_with_dates("disiscritto disiscrizione cancellazione", "il data", "data datadi datadella"),
    *_with_dates("uitgeschreven uitschrijf uitschrijving afgemeld afmeld", "op datum", "datum datumvan"),
    *_with_dates("descadastro descadastrado cancelamento", "em data", "data datade datado"),
)  # fmt: skip
"""Columns that say of a person that they left or must not get anything, by a time or a word other than "no"."""

WANTED = (
    "subscribed", "issubscribed", "optin", "optedin", "emailoptin", "acceptsmarketing", "acceptsemailmarketing",
    "subscribedtoemails", "active", "isactive", "enabled", "emailsubscribed", "emailmarketing", "marketingemails",
    "marketing", "newsletter", "emailnewsletter", "newsletteroptin", "receivenewsletter", "wantsnewsletter",
    "mailinglist", "allowemail", "allowemails", "receiveemails", "consent", "emailconsent", "marketingconsent",
    "emailmarketingconsent", "gdprconsent", "nyhetsbrev", "nyhetsbrevet", "nyhedsbrev", "samtykke", "samtycke",
    "einwilligung", "infolettre", "consentement", "boletin", "consentimiento", "consenso", "toestemming", "nieuwsbrief",
)  # fmt: skip
"""Columns that say of a person that they left by a "no"."""

CONFIRMED = (
    "confirmed", "isconfirmed", "emailconfirmed", "verified", "isverified", "emailverified",
    "isthissubscriberconfirmed", "isthisuserconfirmed", "istheemailofthisuserconfirmed",
)  # fmt: skip
"""Columns that say of a person that they never confirmed by a "no"."""

NO = frozenset((
    "", "0", "0_0", "no", "n", "false", "f", "nei", "nej", "nein", "non", "nee", "nao", "nie", "ei", "falsch", "faux",
    "falso", "usann", "falsk", "falskt", "onwaar", "fałsz", "epatosi",
))  # fmt: skip
"""What spreadsheets and databases write for "no"; PostgreSQL writes "f", and pandas "0.0"."""

DECLINED = frozenset((
    "no_thanks", "no_thank_you", "declined", "denied", "refused", "rejected", "revoked", "withdrawn", "nei_takk",
    "takket_nei", "trukket", "trukket_tilbake", "avslatt", "nej_tack", "nej_tak", "aterkallat", "nein_danke",
    "abgelehnt", "widerrufen", "non_merci", "refuse", "retire", "no_gracias", "rechazado", "retirado",
))  # fmt: skip
"""What people write for "no" in columns such as "Newsletter" and "Consent"."""

NOTHING = frozenset(("null", "none", "nil", "nan", "nat", "na", "n_a", "never", "0000_00_00", "0000_00_00_00_00_00"))
"""What databases and programs write where a column has no value, such as the time at which a person left."""

YES = frozenset((
    "1", "1_0", "yes", "y", "true", "t", "ja", "j", "oui", "si", "sim", "tak", "kylla", "wahr", "vrai", "verdadero",
    "vero", "sann", "sant", "sandt", "waar", "x", "ok", "on",
))  # fmt: skip

CERTAIN_STATES = {
    "waiting": (
        "unconfirmed", "unactivated", "non_subscribed", "nonsubscribed", "not_subscribed", "never_subscribed",
        "non_marketing", "non_marketing_contact", "awaiting_confirmation", "permission_pending", "ubekreftet",
        "ikke_bekreftet", "ubekrefta", "ikkje_stadfesta", "ustadfesta", "obekraftad", "ej_bekraftad", "ubekræftet",
        "ikke_bekræftet", "unbestatigt", "nicht_bestatigt", "non_confirme", "non_confirmee", "sin_confirmar",
        "no_confirmado", "no_confirmada", "non_confermato", "onbevestigd", "niet_bevestigd", "nao_confirmado",
        "niepotwierdzony", "vahvistamaton",
    ),
    "left": (
        "unsubscribed", "unsub", "unsubscribe", "opted_out", "opt_out", "optout", "optedout", "avmeldt", "avmeld",
        "utmeldt", "utmeld", "avregistrerad", "afmeldt", "frameldt", "abgemeldet", "abbestellt", "ausgetragen",
        "desabonne", "desabonnee", "desinscrit", "desinscrite", "dado_de_baja", "dada_de_baja", "desuscrito",
        "desuscrita", "disiscritto", "disiscritta", "uitgeschreven", "afgemeld", "descadastrado", "descadastrada",
        "desinscrito", "desinscrita", "wypisany", "wypisana",
    ),
    "bounced": (
        "cleaned", "bounced", "bounce", "hard_bounced", "hard_bounce", "undeliverable", "avvist", "afvist",
        "unzustellbar", "rebotado", "rimbalzato", "rejeitado",
    ),
    "blocked": ("blocklisted", "blacklisted", "suppressed", "do_not_mail", "do_not_email", "do_not_contact"),
    "complained": ("complained", "complaint", "marked_as_spam", "spam_complaint", "spam_report", "reported_spam"),
}  # fmt: skip
"""States of people who get nothing, by their standing; the words mean nothing else in any column."""

STATES = {
    "active": (
        "", "active", "subscribed", "subscribe", "subscriber", "confirmed", "enabled", "verified", "valid",
        "deliverable", "opted_in", "opt_in", "optin", "double_opt_in", "single_opt_in", "double", "single", "member",
        "regular", "free", "paid", "premium", "gift", "trial", "comp", "marketing", "express", "implied", "explicit",
        "soft_bounced", "soft_bounce", "soft", "aktiv", "aktivt", "aktive", "pameldt", "pameld", "innmeldt", "abonnent",
        "abonnerer", "abonnert", "bekreftet", "bekrefta", "stadfesta", "godkjent", "prenumerant", "prenumererar",
        "anmald", "bekraftad", "registrerad", "tilmeldt", "bekræftet", "angemeldet", "abonniert", "bestatigt",
        "aktiviert", "actif", "abonne", "abonnee", "inscrit", "inscrite", "confirme", "confirmee", "activo", "activa",
        "suscrito", "suscrita", "confirmado", "confirmada", "alta", "attivo", "attiva", "iscritto", "iscritta",
        "confermato", "confermata", "actief", "ingeschreven", "aangemeld", "bevestigd", "ativo", "ativa", "inscrito",
        "inscrita", "assinante", "aktywny", "aktywna", "zapisany", "zapisana", "potwierdzony", "aktiivinen", "tilaaja",
        "tilattu", "vahvistettu", "approved", "registered", "abonnerar", "registrert", "aktiva", "godkand", "abonneret",
        "indmeldt", "registreret", "godkendt", "registriert", "dado_de_alta", "dada_de_alta", "not_unsubscribed",
    ),
    "waiting": (
        "pending", "validating", "transactional", "waiting", "not_set", "not_confirmed", "unverified", "not_verified",
        "venter", "ventar", "vantar", "vantande", "afventer", "ausstehend", "en_attente", "pendiente", "in_attesa",
        "in_afwachting", "pendente", "oczekujacy", "odottaa",
    ),
    "left": (
        "inactive", "removed", "cancelled", "canceled", "deleted", "left", "archived", "expired", "stopped",
        "avsluttet", "avslutta", "slettet", "sletta", "inaktiv", "inaktivt", "avslutad", "raderad", "geloscht",
        "resilie", "inactif", "supprime", "baja", "cancelado", "cancelada", "inactivo", "inactiva", "eliminado",
        "anulado", "cancellato", "cancellata", "annullato", "inattivo", "inattiva", "rimosso", "rimossa", "inactief",
        "verwijderd", "inativo", "inativa", "removido", "removida", "nieaktywny", "usuniety", "anulowany", "peruttu",
        "peruutettu", "poistettu", "lopetettu",
    ),
    "bounced": ("unreachable", "invalid"),
    "blocked": (
        "blocked", "disabled", "spammy", "sperret", "sperra", "blokkert", "sparrad", "blockerad", "spærret", "blokeret",
        "gesperrt", "blockiert", "bloque", "bloquee", "bloqueado", "bloqueada", "bloccato", "bloccata", "geblokkeerd",
        "zablokowany", "estetty",
    ),
    "complained": ("spam", "junk"),
}  # fmt: skip
"""Further states, in columns of states."""

FILLERS = frozenset((
    "the", "of", "at", "den", "kl", "klokken", "klokka", "klockan", "um", "uhr", "der", "am", "le", "a", "de", "del",
    "el", "las", "la", "st", "nd", "rd", "th", "er",
))  # fmt: skip
"""Words in dates that say nothing."""


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return the text in lower case and without accents; letters such as ø and æ stay."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in parts if not unicodedata.combining(c))


def state_word(cell: str) -> str:
    """Return the state in a cell, in lower case with underscores between its words; "" without letters and digits."""
    return re.sub(r"[\W_]+", "_", folded(cell[:40])).strip("_")


@cache
def months() -> dict[str, int]:
    """Return the numbers of months by their names and abbreviations in every language (CLDR)."""
    numbers: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, language)
                numbers |= {folded(name).rstrip("."): number for number, name in names.items()}
    return numbers


@cache
def weekdays() -> frozenset[str]:
    """Return the names and abbreviations of weekdays in every language (CLDR)."""
    names = (
        name
        for language in LANGUAGES
        for width in ("wide", "abbreviated", "short")
        for context in ("format", "stand-alone")
        for name in get_day_names(width, context, language).values()
    )
    return frozenset(folded(name).rstrip(".") for name in names)
