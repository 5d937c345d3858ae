"""Columns, states and names in the files of other languages."""

from datetime import UTC, date, datetime

import pytest
from babel.dates import format_date

from subscribers.models import Subscriber, Subscription
from tests.subscribers.conftest import Import

State = Subscription.State

HEADERS = {
    "nb": "E-postadresse;Fornavn;Etternavn;Språk;Stikkord;Status;Påmeldingsdato",
    "nn": "E-postadresse;Fornamn;Etternamn;Språk;Emneord;Status;Påmeld",
    "sv": "E-postadress;Förnamn;Efternamn;Språk;Taggar;Status;Anmälningsdatum",
    "da": "E-mailadresse;Fornavn;Efternavn;Sprog;Etiketter;Status;Tilmeldingsdato",
    "de": "E-Mail-Adresse;Vorname;Nachname;Sprache;Schlagwörter;Status;Angemeldet am",
    "fr": "Adresse électronique;Prénom;Nom;Langue;Étiquettes;Statut;Date d’inscription",
    "es": "Correo electrónico;Nombre;Apellidos;Idioma;Etiquetas;Estado;Fecha de alta",
}
LEAVING = {
    "nb": "Avmeldt",
    "nn": "Avmeld",
    "sv": "Avregistrerad",
    "da": "Afmeldt",
    "de": "Abgemeldet",
    "fr": "Désabonnée",
    "es": "Dado de baja",
}


@pytest.mark.parametrize("language", HEADERS)
def test_columns_and_states_of_each_language(take: Import, language: str) -> None:
    joined = format_date(date(2024, 3, 5), "long", locale=language)
    report = take(
        f"{HEADERS[language]}\nkari@reader.example;Kari;Nordmann;nb;film;aktiv;{joined}\n"
        f"gone@reader.example;Per;Hansen;nb;film;{LEAVING[language]};{joined}\n"
    )
    assert (report.active, report.suppressed, report.refused) == (1, 1, ())
    subscription = Subscription.objects.select_related("subscriber").get(state=State.ACTIVE)
    assert (subscription.subscriber.address, subscription.subscriber.name) == ("kari@reader.example", "Kari Nordmann")
    assert (subscription.tags, subscription.joined, subscription.state) == (
        ("film",),
        datetime(2024, 3, 5, tzinfo=UTC),
        State.ACTIVE,
    )


@pytest.mark.parametrize(("cell", "imported"), [("", 1), ("nei", 1), ("31.12.2024", 0), ("ja", 0)])
def test_a_column_that_says_who_left_is_heeded(take: Import, cell: str, imported: int) -> None:
    assert take(f"E-post;Navn;Avmeldt\nkari@reader.example;Kari;{cell}\n").added == imported


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Stato", "Disiscritto"),
        ("Status", "Uitgeschreven"),
        ("Situação", "Descadastrado"),
        ("Stan", "Wypisany"),
        ("Tila", "Peruttu"),
        ("Data di disiscrizione", "2024-03-05"),
        ("Uitgeschreven op", "5-3-2024"),
    ],
)
def test_who_left_is_known_in_files_of_further_languages(take: Import, column: str, cell: str) -> None:
    assert take(f"Email;{column}\nkari@reader.example;{cell}\n").active == 0


@pytest.mark.parametrize(
    ("header", "row", "active"),
    [
        ("Status", "Confirmed", 1),
        ("Status", "", 1),
        ("Status", "Opted in", 1),
        ("Status", "Unknown to us", 0),
        ("Status", "0", 0),
        ("State", "Gone", 0),
        ("City,State,Zip", "Portland,OR,97201", 1),
        ("Stato,Paese,Status", "Lazio,Italia,Disiscritto", 0),
    ],
)
def test_a_state_that_is_not_known_subscribes_nobody(take: Import, header: str, row: str, active: int) -> None:
    assert take(f"Email,{header}\nkari@reader.example,{row}\n").active == active


@pytest.mark.parametrize(
    ("column", "cell", "imported"),
    [
        ("EMAIL_BLOCKLISTED", "true", 0),
        ("EMAIL_BLOCKLISTED", "false", 1),
        ("Unsubscribed from all email", "Yes", 0),
        ("Email Opt Out", "0", 1),
        ("Subscribed", "No", 0),
        ("Subscribed", "2024-03-05", 1),
        ("Accepts Email Marketing", "no", 0),
        ("Accepts Email Marketing", "yes", 1),
        ("Accepts Email Marketing", "", 1),
        ("Newsletter", "No", 0),
        ("Newsletter", "Yes", 1),
        ("Nyhetsbrev", "Nei", 0),
        ("GDPR consent", "FALSE", 0),
        ("Active", "f", 0),
        ("Active", "Inactive", 0),
        ("Subscribed", "Unsubscribed", 0),
        ("Subscribed", "Hard bounced", 0),
        ("Subscribed", "Subscribed", 1),
        ("Active", "N", 0),
        ("Active", "USANN", 0),
        ("Subscribed", "Não", 0),
        ("Subscribed", "FAŁSZ", 0),
        ("Blocked", "f", 1),
        ("Deleted", "N", 1),
        ("Uitgeschreven", "nee", 1),
    ],
)
def test_a_yes_or_no_of_another_system_is_heeded(take: Import, column: str, cell: str, imported: int) -> None:
    assert take(f"Email,{column}\nkari@reader.example,{cell}\n").active == imported


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("email,name", "A"),
        ("email,firstname,lastname", "A B"),
        ("email,name,firstname", "A"),
        ("email,name,lastname", "A B"),
        ("email,lastname,firstname", "B A"),
        ("email,nom,prénom", "B A"),
        ("email,name,vorname", "B A"),
        ("email,fornavn", "A"),
        ("email,etternavn", "A"),
    ],
)
def test_names_are_put_together_from_their_columns(take: Import, head: str, name: str) -> None:
    take(f"{head}\na@reader.example,A,B\n" if head.count(",") == 2 else f"{head}\na@reader.example,A\n")
    assert Subscriber.objects.get().name == name
