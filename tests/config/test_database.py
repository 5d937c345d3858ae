"""`site.database`: what is understood, and how the rest is refused."""

import sys
from pathlib import Path

import pytest

from newsletter.config import ConfigError, parse
from newsletter.config.database import parameters
from newsletter.settings import _database
from tests import settings

PASSWORD = "s3cret"


def read(url: str) -> str:
    """`site.database` of a configuration that has this URL."""
    text = settings.TEXT.replace('database = "sqlite:///newsletter.db"', f"database = {url!r}")
    assert repr(url) in text
    return parse(text).site.database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me@db.example/letters", {"user": "me", "host": "db.example", "dbname": "letters"}),
        ("postgres://db.example:5433/letters", {"host": "db.example", "port": "5433", "dbname": "letters"}),
        ("postgresql://me:a%40b%2F@db/letters?sslmode=require", {"password": "a@b/", "sslmode": "require"}),
        ("postgresql:///letters?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "letters"}),
        (
            "postgresql://a,b/letters?target_session_attrs=read-write",
            {"host": "a,b", "target_session_attrs": "read-write"},
        ),
    ],
)
def test_a_postgresql_url_is_read_as_libpq_reads_it(url: str, expected: dict[str, str]) -> None:
    assert read(url) == url
    assert expected.items() <= parameters(url).items()


def test_every_parameter_reaches_the_connection() -> None:
    found = _database("postgresql://me:pw@db:5433/letters?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3")
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("letters", "me", "pw")
    assert (found["HOST"], found["PORT"]) == ("db", "5433")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "connect_timeout": "3"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"mysql://me:{PASSWORD}@db/letters", "must be SQLite or PostgreSQL, not 'mysql'"),
        (f"postgresql+psycopg://me:{PASSWORD}@db/letters", "must be SQLite or PostgreSQL, not 'postgresql"),
        (f"postgresql://me:{PASSWORD}@db/letters?sslmod=require", 'invalid URI query parameter: "sslmod"'),
        (f"postgresql://me:{PASSWORD}@[db/letters", "is not a URL that PostgreSQL understands"),
        (f"postgresql://me:{PASSWORD}@db", "names no database"),
        ("newsletter.db", "must be SQLite or PostgreSQL"),
        ("sqlite://newsletter.db", "must be SQLite or PostgreSQL"),
        ("sqlite:///", "a SQLite database must be a file"),
        ("sqlite:///newsletter.db?timeout=5", "without '?' and '#'"),
        ("", "must be SQLite or PostgreSQL"),
    ],
)
def test_invalid_urls_are_refused_in_a_sentence(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    sentence = str(caught.value)
    assert sentence.startswith("site.database: ")
    assert message in sentence
    assert "use a form such as 'sqlite:///newsletter.db' or 'postgresql://user:password@host/name'" in sentence
    assert PASSWORD not in sentence
    assert "\n" not in sentence


def test_a_missing_psycopg_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        ConfigError,
        match=r"^site\.database: PostgreSQL needs the packages psycopg and procrastinate; install them: pip install",
    ):
        read("postgresql://me@db/letters")


@pytest.mark.parametrize("file", ["letters.db", "/var/lib/letters.db"])
def test_a_sqlite_file(file: str, tmp_path: Path) -> None:
    assert str(_database(read(f"sqlite:///{file}"))["NAME"]).endswith(file)
