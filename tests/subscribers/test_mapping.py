"""Columns whose meaning a person chooses."""

from pathlib import Path

import pytest

from subscribers.importing import FileProblem, ImportReport, import_file, outline
from subscribers.models import Subscription

pytestmark = pytest.mark.django_db
ODD = "Kontakt;Visningsnavn;Merke;Kommentar\nkari@reader.example;Kari;film, oslo;ringte i mai\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "people.csv"


def _take(file: Path, *meanings: str) -> ImportReport:
    return import_file(file, "kinaforum", consent="the old list", meanings=meanings)


def test_unknown_headers_are_imported_as_chosen(file: Path) -> None:
    file.write_text(ODD, encoding="utf-8")
    columns = outline(file)
    assert [c.header for c in columns] == ["Kontakt", "Visningsnavn", "Merke", "Kommentar"]
    assert [c.meaning for c in columns] == ["", "", "", ""]
    assert columns[2].values == ("film, oslo",)
    assert _take(file, "address", "name", "tags", "").added == 1
    subscription = Subscription.objects.select_related("subscriber").get()
    assert (subscription.subscriber.address, subscription.subscriber.name, subscription.tags) == (
        "kari@reader.example",
        "Kari",
        ("film", "oslo"),
    )


def test_known_headers_are_guessed(file: Path) -> None:
    file.write_text("Email,First Name,Last Name,Tags\na@reader.example,A,B,x\n")
    assert [c.meaning for c in outline(file)] == ["address", "name", "name", "tags"]


def test_a_plain_list_has_no_header_line(file: Path) -> None:
    file.write_text("Kari,kari@reader.example\nOla,ola@reader.example\n")
    assert [(c.header, c.meaning, c.values) for c in outline(file)] == [
        ("", "name", ("Kari", "Ola")),
        ("", "address", ("kari@reader.example", "ola@reader.example")),
    ]
    assert _take(file, "name", "address").added == 2
    assert Subscription.objects.get(subscriber__key="kari@reader.example").subscriber.name == "Kari"


def test_the_headers_can_be_overridden(file: Path) -> None:
    file.write_text("email,backup email\nold@reader.example,new@reader.example\n")
    _take(file, "", "address")
    assert Subscription.objects.get().subscriber.address == "new@reader.example"


@pytest.mark.parametrize(
    ("meanings", "sentence"),
    [
        (("name", "", "", ""), "choose the column with the email addresses"),
        (("address", "address", "", ""), "2 columns are chosen for addresses; choose one"),
        (("address",), "its columns are not the ones that you saw"),
        (("address", "password", "", ""), "its columns are not the ones that you saw"),
    ],
)
def test_an_invalid_mapping_is_explained(file: Path, meanings: tuple[str, ...], sentence: str) -> None:
    file.write_text(ODD, encoding="utf-8")
    with pytest.raises(FileProblem, match=sentence):
        _take(file, *meanings)


@pytest.mark.parametrize(
    "content",
    [
        "email,name,subscribed_to_emails,created_at\na@reader.example,A,false,2020-01-01\n",
        "email,name,status,note\na@reader.example,A,blocklisted,\n",
    ],
)
def test_no_choice_of_columns_subscribes_people_who_unsubscribed(file: Path, content: str) -> None:
    file.write_text(content)
    report = _take(file, "address", "name", "", "")
    assert (report.added, report.suppressed) == (0, 1)
    assert not Subscription.objects.filter(state=Subscription.State.ACTIVE).exists()


def test_a_column_of_other_states_can_be_left_out(file: Path) -> None:
    file.write_text("email,status\na@reader.example,customer\nb@reader.example,lead\nc@reader.example,cancelled\n")
    assert len(_take(file, "address", "state").refused) == 2
    report = _take(file, "address", "")
    assert (report.active, report.refused) == (2, ())
    assert Subscription.objects.filter(state=Subscription.State.ACTIVE).count() == 2


def test_an_empty_file_has_no_columns(file: Path) -> None:
    file.write_text("\n")
    with pytest.raises(FileProblem, match="first line is empty"):
        outline(file)
