"""Columns with dates are recognized by their names in the languages of the pages, in whatever order the words come."""

from datetime import UTC, datetime

import pytest

from subscribers.importing.headers import recognise
from subscribers.importing.tools import Standing

JOINED = (
    "Påmeldt dato", "Dato påmeldt", "Påmeldingstidspunkt", "Dato for påmelding", "Bekreftet dato", "Innmeldt dato",
    "Registrert den", "Påmeld dato", "Oppretta dato", "Stadfesta dato", "Tilmeldt dato", "Dato for tilmelding",
    "Bekræftet dato", "Oprettet den", "Indmeldelsesdato", "Anmäld datum", "Datum för anmälan", "Bekräftad datum",
    "Registrerad den", "Prenumerationsdatum", "Anmeldedatum", "Angemeldet am", "Bestätigt am", "Datum der Anmeldung",
    "Registrierungszeitpunkt", "Date d'inscription", "Date de l'inscription", "Date de confirmation", "Inscrit le",
    "Abonnée depuis", "Fecha de alta", "Fecha de la suscripción", "Suscrito desde", "Confirmado el", "Signup date",
    "Date joined", "Confirmed at", "Opt-in time", "Subscriber since", "Registration date", "Subscribed at",
)  # fmt: skip
LEFT = (
    "Utmeldt dato", "Avmeldt den", "Dato for avmelding", "Frameldt dato", "Afmeldingstidspunkt", "Avregistrerad datum",
    "Datum för avregistrering", "Abgemeldet am", "Datum der Abmeldung", "Abbestellt am", "Date de désinscription",
    "Désinscrit le", "Fecha de baja", "Unsubscribed date", "Unsubscribe time", "Opt-out date", "Date unsubscribed",
)  # fmt: skip


@pytest.mark.parametrize("header", JOINED)
def test_the_date_of_subscribing_is_recognized(header: str) -> None:
    columns = recognise(["E-post", header])
    assert columns is not None
    assert (columns.joined, columns.ended) == ((1,), ())


@pytest.mark.parametrize("header", LEFT)
def test_whoever_has_a_date_of_leaving_is_not_subscribed_again(header: str) -> None:
    columns = recognise(["E-post", header])
    assert columns is not None
    assert (columns.joined, columns.ended) == ((), ((1, Standing.LEFT),))
    row = columns.row(["kari@reader.example", "2025-03-04"])
    assert (row.standing, row.left) == (Standing.LEFT, datetime(2025, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize("header", ["Subscribed", "Bekreftet", "Opt-in", "Confirmed", "Consent", "Samtykke"])
def test_a_word_that_may_mean_yes_or_no_is_no_date(header: str) -> None:
    columns = recognise(["Email", header])
    assert columns is not None
    assert columns.joined == ()
