"""Words of column names, states and dates in the languages of the catalogues, without accents and in lower case.

Those for people who left are also in Italian, Dutch, Portuguese, Polish and Finnish, so that they stay unsubscribed.

`folded` brings what a file has into that form.
"""

import unicodedata
from functools import cache, lru_cache
from typing import Final

from babel.dates import get_day_names, get_month_names

LANGUAGES: Final = ("en", "nb", "nn", "sv", "da", "de", "fr", "es")

ADDRESS = (
    "email", "emailaddress", "address", "mail", "mailaddress", "epost", "epostadresse", "epostadress", "mailadresse",
    "mailadress", "emailadresse", "emailadress", "mejl", "courriel", "adressecourriel", "adresseemail", "adressemail",
    "adresseelectronique", "adressedemessagerie", "correo", "correoelectronico", "direcciondecorreo",
    "direcciondecorreoelectronico", "direcciondeemail",
)  # fmt: skip
FULL_NAME = (
    "name", "fullname", "navn", "namn", "fulltnavn", "fulltnamn", "nom", "nomcomplet", "nombre", "nombrecompleto",
    "vollername",
)  # fmt: skip
GIVEN_NAME = ("firstname", "givenname", "fornavn", "fornamn", "vorname", "prenom")
FAMILY_NAME = (
    "lastname", "surname", "familyname", "etternavn", "etternamn", "efternavn", "efternamn", "nachname",
    "familienname", "nomdefamille", "apellido", "apellidos",
)  # fmt: skip
WITH_FAMILY_NAME = ("vorname", "prenom")
"""Given names beside which the column for `name` or `nom` is the family name."""

TAGS = (
    "tags", "labels", "tagger", "taggar", "etiketter", "merkelapper", "stikkord", "emneord", "etiketten",
    "schlagworter", "schlagworte", "etiquettes", "motscles", "etiquetas",
)  # fmt: skip
STATE = ("status", "abonnementsstatus", "statut", "situacao", "tila")
STATE_OR_REGION = ("state", "estado", "stato", "stan")
"""Names that are also those of the state where a person lives, if another column is part of a postal address."""

OF_POSTAL_ADDRESS = (
    "city", "town", "zip", "zipcode", "postcode", "postalcode", "postalzip", "country", "ciudad", "codigopostal",
    "pais", "cidade", "cep", "citta", "cap", "paese", "miasto", "kodpocztowy", "kraj",
)  # fmt: skip


def _with_dates(stems: str, suffixes: str, prefixes: str = "") -> tuple[str, ...]:
    """Return the names of columns that have a date: each stem with each word after it, or with one before it."""
    behind = tuple(stem + word for stem in stems.split() for word in suffixes.split())
    return behind + tuple(word + stem for word in prefixes.split() for stem in stems.split())


_NORDIC, _SWEDISH, _GERMAN = "dato tid tidspunkt den", "datum tid tidpunkt den", "am datum zeit zeitpunkt"
_ENGLISH = "at on date time datetime timestamp"

JOINED = (
    "joined", "created", "pameldt", "pameld", "innmeldt", "registrert", "opprettet", "oppretta", "abonnentsiden",
    "abonnentsidan", "anmald", "registrerad", "skapad", "prenumerantsedan", "tilmeldt", "oprettet", "registreret",
    "angemeldet", "registriert", "erstellt", "abonniertseit", "inscrit", "inscritle", "inscritele",
    "creele", "creeele", "abonnedepuis", "abonneedepuis", "abonnele", "confirmele", "alta", "suscritoel", "suscritael",
    "suscritodesde", "creado", "creadoel", "confirmadoel", "subscribersince", "membersince",
    *_with_dates("joined join created creation subscribed subscription subscribe signup signedup added registered "
                 "registration optin optedin confirmed confirm confirmation consent", _ENGLISH, "date dateof"),
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
    "unsubscribed", "avmeldt", "avmeld", "utmeldt", "avregistrerad", "avslutad", "afmeldt", "frameldt", "abgemeldet",
    "abbestellt", "desabonne", "desabonnee", "desinscrit", "desinscrite", "desinscritle", "baja", "dadodebajael",
    *_with_dates("unsubscribed unsubscribe unsubscription unsub optedout optout left deleted removed cancelled "
                 "canceled cleaned bounced complained", _ENGLISH, "date dateof"),
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
"""Columns that say of a person that they left, by a time or a word other than "no"."""

REFUSED = (
    "blocklisted", "blacklisted", "emailblocklisted", "emailblacklisted", "emailblocklist", "emailblacklist", "blocked",
    "suppressed", "optout", "optedout", "emailoptout", "emailoptedout", "hasoptedoutofemail", "donotemail", "donotmail",
    "donotcontact", "isunsubscribed", "emailunsubscribed", "unsubscribedfromallemail", "unsubscribedfromallemails",
    "hardbounced", "deleted", "isdeleted",
)  # fmt: skip
"""Columns that say of a person that they must not receive anything, by a word other than "no", as in CRM systems."""

WANTED = (
    "subscribed", "issubscribed", "optin", "optedin", "emailoptin", "acceptsmarketing", "acceptsemailmarketing",
    "subscribedtoemails", "active", "isactive", "enabled",
)  # fmt: skip
"""Columns that say of a person that they left by a "no"."""

NO = frozenset((
    "", "0", "no", "n", "false", "f", "nei", "nej", "nein", "non", "nee", "nao", "nie", "ei", "falsch", "faux", "falso",
    "usann", "falsk", "falskt", "onwaar", "fałsz", "epatosi", "-", "–",
))  # fmt: skip
"""What spreadsheets and databases write for "no"; PostgreSQL writes "f"."""

RECEIVING = frozenset((
    "aktiv", "aktivt", "aktive", "abonnert", "abonnent", "abonnerer", "abonnerar", "innmeldt", "pameldt", "pameld",
    "registrert", "bekreftet", "bekrefta", "stadfesta", "godkjent", "aktiva", "prenumererar", "prenumerant", "anmald",
    "registrerad", "bekraftad", "godkand", "abonneret", "tilmeldt", "indmeldt", "registreret", "bekræftet", "godkendt",
    "angemeldet", "abonniert", "bestatigt", "registriert", "actif", "active", "abonne", "abonnee", "inscrit",
    "inscrite", "confirme", "confirmee", "activo", "activa", "alta", "dado_de_alta", "dada_de_alta", "suscrito",
    "suscrita", "confirmado", "confirmada", "attivo", "attiva", "iscritto", "iscritta", "confermato", "confermata",
    "actief", "ingeschreven", "aangemeld", "bevestigd", "ativo", "ativa", "inscrito", "inscrita", "aktywny", "aktywna",
    "zapisany", "zapisana", "potwierdzony", "aktiivinen", "tilaaja", "vahvistettu",
))  # fmt: skip
"""States of people who receive emails."""

LEFT = frozenset((
    "avmeldt", "avmeld", "utmeldt", "utmeld", "avsluttet", "avslutta", "slettet", "sletta", "inaktiv", "inaktivt",
    "avregistrerad", "avslutad", "raderad", "afmeldt", "frameldt", "abgemeldet", "abbestellt", "ausgetragen",
    "geloscht", "desabonne", "desabonnee", "desinscrit", "desinscrite", "resilie", "inactif", "inactive", "supprime",
    "baja", "dado_de_baja", "dada_de_baja", "cancelado", "cancelada", "desuscrito", "desuscrita", "inactivo",
    "inactiva", "eliminado", "anulado", "disiscritto", "disiscritta", "cancellato", "cancellata", "annullato",
    "inattivo", "inattiva", "rimosso", "rimossa", "uitgeschreven", "afgemeld", "inactief", "verwijderd",
    "descadastrado", "descadastrada", "desinscrito", "desinscrita", "inativo", "inativa", "removido", "removida",
    "wypisany", "wypisana", "nieaktywny", "usuniety", "anulowany", "peruttu", "peruutettu", "poistettu", "lopetettu",
))  # fmt: skip
"""States of people who left."""

BOUNCED = frozenset(("avvist", "afvist", "unzustellbar", "rebotado", "rimbalzato", "rejeitado"))
"""States of addresses that don't receive email."""

BLOCKED = frozenset((
    "sperret", "sperra", "blokkert", "sparrad", "blockerad", "spærret", "blokeret", "gesperrt", "blockiert", "bloque",
    "bloquee", "bloqueado", "bloqueada", "bloccato", "bloccata", "geblokkeerd", "zablokowany", "estetty",
))  # fmt: skip
"""States of people who must not receive anything."""

WAITING = frozenset((
    "venter", "ventar", "ubekreftet", "ikke_bekreftet", "ubekrefta", "ikkje_stadfesta", "ustadfesta", "vantar",
    "vantande", "obekraftad", "ej_bekraftad", "afventer", "ubekræftet", "ikke_bekræftet", "ausstehend",
    "unbestatigt", "nicht_bestatigt", "en_attente", "non_confirme", "non_confirmee", "pendiente", "sin_confirmar",
    "no_confirmado", "no_confirmada", "in_attesa", "non_confermato", "in_afwachting", "onbevestigd", "niet_bevestigd",
    "pendente", "nao_confirmado", "oczekujacy", "niepotwierdzony", "odottaa", "vahvistamaton",
))  # fmt: skip
"""States of people who never confirmed."""

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
