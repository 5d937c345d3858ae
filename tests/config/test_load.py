"""Loading a `Config`: every error is one sentence that names its key and a similar valid one."""

import subprocess
import zipfile
from contextlib import suppress
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config import Config, ConfigError, Moment, NamedAddress, Rate

WHOLE = """
[site]
url = "https://brev.example.org/"
{site}
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <Brev@Example.ORG>"
address = "Postboks 1, 0001 Oslo"
{newsletter}
[[newsletters.kinaforum.sources]]
url = "https://kinaforum.example/"
{source}
{tables}
"""
REPOSITORY = Path(__file__).parents[2]


def parsed(environ: dict[str, str] | None = None, **parts: str) -> Config:
    """Return a complete configuration with additional lines."""
    texts = {part: parts.get(part, "") for part in ("site", "newsletter", "source", "tables")}
    return config.parse(WHOLE.format(**texts), Path("/nowhere/config.toml"), environ)


def test_missing_keys_have_defaults() -> None:
    found = parsed()
    newsletter = found.newsletters["kinaforum"]
    assert (found.site.url, found.site.database) == ("https://brev.example.org", "sqlite:///newsletter.db")
    assert newsletter.sender == NamedAddress("Kinaforum", "Brev@example.org")
    assert (newsletter.timezone, newsletter.language, newsletter.period) == ("Europe/Oslo", "nb", "week")
    assert newsletter.send_moment == Moment(time(18), weekday=4)
    assert (newsletter.late, newsletter.late_posts) == (timedelta(hours=6), timedelta(days=30))
    assert (newsletter.maximum_size, newsletter.maximum_posts, newsletter.minimum_posts) == (100_000, 60, 1)
    assert found.delivery.domains["gmail.com"].rate == Rate(20, 1)
    assert found.delivery.retry_for == timedelta(hours=48)


def test_the_example_is_a_whole_configuration() -> None:
    found = config.load(REPOSITORY / "config.toml", {})
    assert list(found.newsletters) == ["kinaforum"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"newsletter": 'timezone = "Europe/Olso"'},
         "newsletters.kinaforum.timezone: 'Europe/Olso' is not a time zone; did you mean 'Europe/Oslo'?"),
        ({"newsletter": 'timezone = "Norway"'},
         "newsletters.kinaforum.timezone: 'Norway' is not a time zone; did you mean 'Europe/Oslo'?"),
        ({"newsletter": 'timezone = "CET+1"'},
         "'CET+1' is not a time zone; use the name of one such as 'Europe/Oslo' or 'America/New_York'"),
        ({"newsletter": 'timezon = "Europe/Oslo"'},
         "newsletters.kinaforum.timezon: no such key; did you mean 'timezone'?"),
        ({"newsletter": 'sender = "x@example.org"'}, "newsletters.kinaforum.sender: no such key; did you mean 'from'?"),
        ({"newsletter": 'period = "fortnight"'},
         "newsletters.kinaforum.period: 'fortnight' is not one of day, week, month"),
        ({"newsletter": 'send = "freitag"'}, "newsletters.kinaforum.send: 'freitag' is not a time"),
        ({"newsletter": 'send = "xyz 18:00"'}, "newsletters.kinaforum.send: 'xyz 18:00': 'xyz' is not a weekday"),
        ({"newsletter": 'period = "month"\nsend = "31 18:00"'}, "the day of the month must be 1 to 28"),
        ({"newsletter": 'period = "day"\nsend = "fri 18:00"'}, 'send: with period = "day" use a time such as'),
        ({"newsletter": "maximum_posts = 0"}, "newsletters.kinaforum.maximum_posts: 0 is invalid; write 1 or more"),
        ({"newsletter": 'maximum_posts = "60"'},
         "newsletters.kinaforum.maximum_posts: '60' is invalid; write a whole number, without quotes"),
        ({"newsletter": 'editors = "nobody@example.org"'},
         "newsletters.kinaforum.editors: 'nobody@example.org' is invalid; write a list, such as"),
        ({"newsletter": "reply_to = 7"}, "newsletters.kinaforum.reply_to"),
        ({"tables": '[collect]\nallow_private_addresses = "yes"'},
         "collect.allow_private_addresses: 'yes' is invalid; write true or false, without quotes"),
        ({"newsletter": 'maximum_size = "many"'}, "newsletters.kinaforum.maximum_size: 'many' is not a size"),
        ({"newsletter": 'late = "soon"'}, "newsletters.kinaforum.late: 'soon' is not a duration"),
        ({"newsletter": 'language = "xx-nonsense"'}, "newsletters.kinaforum.language: 'xx-nonsense' is not a language"),
        ({"newsletter": 'editors = ["nobody"]'}, "newsletters.kinaforum.editors[1]: 'nobody' is not an email address"),
        ({"newsletter": 'theme = { accent = "red" }'}, "newsletters.kinaforum.theme.accent: 'red' is not a colour"),
        ({"newsletter": 'theme = { acent = "#000" }'},
         "newsletters.kinaforum.theme.acent: no such key; did you mean 'accent'?"),
        ({"newsletter": 'provider = "mailgum"'},
         "newsletters.kinaforum.provider: 'mailgum' is not a provider; did you mean 'mailgun'?"),
        ({"newsletter": 'skip = ["2026-02-30"]'},
         "newsletters.kinaforum.skip: '2026-02-30' is not a date; use a form such as 2026-12-25"),
        ({"newsletter": 'skip = ["2026-02-02/2026-02-01"]'},
         "newsletters.kinaforum.skip: '2026-02-02/2026-02-01' must begin before it ends, and have at most 366 days"),
        ({"source": 'tipe = "feed"'}, "newsletters.kinaforum.sources[1].tipe: no such key; did you mean 'type'?"),
        ({"source": 'type = "atom"'}, "newsletters.kinaforum.sources[1].type: 'atom' is not one of auto, feed"),
        ({"source": 'exclude = { word = ["x"] }'},
         "newsletters.kinaforum.sources[1].exclude.word: no such key; did you mean 'words'?"),
        ({"tables": '[[newsletters.kinaforum.sources]]\nurl = "https://kinaforum.example/"'},
         "newsletters.kinaforum.sources: the same url is listed twice"),
        ({"tables": "[delivery]\nconnections = 0"}, "delivery.connections: 0 is invalid"),
        ({"tables": '[delivery]\nrate = "fast"'}, "delivery.rate: 'fast' is not a rate"),
        ({"tables": '[delivery]\nsmtp = { security = "startls" }'},
         "delivery.smtp.security: 'startls' is not one of auto, tls, starttls, none; did you mean 'starttls'?"),
        ({"tables": "[delivery]\nretry_delays = []"}, "delivery.retry_delays"),
        ({"tables": "[delivrey]\nconnections = 1"}, "delivrey: no such key; did you mean 'delivery'?"),
        ({"tables": "[collect]\nmaximum_bytes = true"}, "collect.maximum_bytes: True is not a size"),
        ({"tables": "[web]\nport = 70000"}, "web.port: 70000 is invalid; write 65535 or less"),
        ({"site": 'alert_url = "ftp://x.example"'}, "site.alert_url: that isn’t a web address; enter one like https://news.example.org"),
        ({"tables": "[delivery]\nfile = { formt = 'eml' }"}, "delivery.file: formt: no such key"),
        ({"tables": "[delivery]\nfile = { format = 'mbox' }"}, "delivery.file: format: 'mbox' is not one of"),
        ({"tables": "[web]\nhost = ''"}, "web.host: '' is invalid"),
        ({"site": 'secret_key_previous = [""]'}, "site.secret_key_previous[1]: '' is invalid"),
        ({"source": 'exclude = { words = [""] }'}, "newsletters.kinaforum.sources[1].exclude.words[1]: '' is invalid"),
        ({"tables": '[collect]\nevery = "0s"'}, "collect.every: '0s' is invalid; write '100ms' or more"),
        ({"tables": '[collect]\ntimeout = "0s"'}, "collect.timeout: '0s' is invalid; write '100ms' or more"),
        ({"tables": "[collect]\nmaximum_bytes = 0"}, "collect.maximum_bytes: 0 is invalid; write '1 KB' or more"),
        ({"tables": '[delivery]\nretry_delays = ["1m", "0s"]'},
         "delivery.retry_delays[2]: '0s' is invalid; write '100ms' or more"),
        ({"tables": '[delivery.smtp.timeouts]\nconnect = "0m"'},
         "delivery.smtp.timeouts.connect: '0m' is invalid; write '100ms' or more"),
        ({"newsletter": "maximum_size = 0"}, "newsletters.kinaforum.maximum_size: 0 is invalid; write '1 KB' or more"),
        ({"tables": "[delivery.mailgun]\napi_kee = 'x'"},
         "delivery.mailgun.api_kee: no such key; did you mean 'api_key'?"),
        ({"tables": "[delivery.amazon_ses]\nclient_params = { regon_name = 'eu-north-1' }"},
         "delivery.amazon_ses.client_params.regon_name: no such key; did you mean 'region_name'?"),
        ({"tables": "[collect]\nmaximum_bytes = -3"}, "collect.maximum_bytes: -3 is not a size"),
        ({"tables": "[delivery]\nfile = { folder = 1 }"}, "delivery.file.folder"),
        ({"site": 'alert_url = "http://[::1"'}, "site.alert_url: that isn’t a web address"),
        ({"site": 'alert_url = "https://a b.example"'}, "site.alert_url: that isn’t a web address"),
        ({"site": 'secret_key = { env = "NO_SUCH" }'}, "site.secret_key: the environment variable NO_SUCH is not set"),
        ({"site": 'secret_key = { file = "no.key" }'}, "site.secret_key: /nowhere/no.key can't be read"),
        ({"tables": "[newsletters.Kina_Forum]\n"}, "newsletters.Kina_Forum"),
        ({"newsletter": 'form_origins = ["https://x.example/", "https://X.example/page?a=1"]'},
         "form_origins[2]: 'https://X.example/page?a=1' is more than the beginning of a website’s addresses; write "),
        ({"tables": "[delivery.domains]\n'gmail.com' = {}\n'Gmail.com' = {}"},
         "delivery.domains: Gmail.com: is the same domain as gmail.com; keep only one of the two"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_with_its_key(parts: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(**parts)
    assert any(sentence in str(problem) for problem in caught.value.problems)
    assert all("\n" not in str(problem) for problem in caught.value.problems)


def test_each_error_is_reported_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(newsletter='timezone = "Europe/Olso"\nperiod = "weak"', site="nonsense = 1")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("key", ["title", "from", "address"])
def test_missing_required_keys_are_named(key: str) -> None:
    lines = WHOLE.format(site="", newsletter="", source="", tables="").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(f"{key} ="))
    with pytest.raises(ConfigError, match=rf"^newsletters\.kinaforum\.{key}: required, but missing$"):
        config.parse(text)


def test_a_newsletter_needs_no_sources() -> None:
    text = WHOLE.format(site="", newsletter="", source="", tables="").split("[[")[0]
    newsletter = config.parse(text).newsletters["kinaforum"]
    assert newsletter.sources == ()
    assert not newsletter.has_schedule


def test_a_misspelt_table_is_reported_once() -> None:
    text = WHOLE.format(site="", newsletter="", source="", tables="").replace("[newsletters.", "[newsletter.", 1)
    with pytest.raises(ConfigError) as caught:
        config.parse(text)
    assert str(caught.value) == "newsletter: no such key; did you mean 'newsletters'?"


def test_sources_in_single_brackets_are_explained() -> None:
    text = WHOLE.format(site="", newsletter="", source="", tables="").replace("[[", "[").replace("]]", "]")
    with pytest.raises(
        ConfigError, match=r"^newsletters\.kinaforum\.sources: must be a list of tables; write \[\[news"
    ):
        config.parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[site]\nurl = \n", "(at line 2, column 7)"),
        ("[site]\nurl = “x”\n", "or is text without straight quotes (\") around it"),
        ('[site]\nurl = "x\n', "is the quote (\") at the end of a text missing? (at line 2, column 9)"),
        ("[site]\na = 1\na = 2\n", "a key is there twice; remove one of the two (at line 3, column 6)"),
        ("[site]\n[site]", "a section is there twice; write its keys below one heading (at line 2, column 6)"),
        ("site:\n", "'=' is missing after a key (at line 1, column 5)"),
        ("a = 'it's'", "something follows a value; is a quote missing?"),
        ("a = [1", "Unclosed array (at end of document)"),
    ],
)  # fmt: skip
def test_invalid_toml_is_named_with_its_line_and_the_remedy(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config.parse(text)
    assert told in str(raised.value)


def test_a_missing_file_names_the_command_that_creates_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; create one with 'newsletter init'"):
        config.load(tmp_path / "config.toml")


@pytest.mark.e2e
def test_the_remedy_for_a_file_that_is_gone_keeps_the_settings(tmp_path: Path) -> None:
    file, copy, backup = (tmp_path / name for name in ("config.toml", "config.toml.previous", "backup.zip"))
    text = "[site]\n"
    with zipfile.ZipFile(backup, "w") as archive:
        archive.writestr("config.toml", text)
    (tmp_path / ".secret_key").touch()

    def remedy(begin: str, end: str) -> str:
        with pytest.raises(ConfigError) as raised:
            config.load(file)
        sentence = str(raised.value).replace("BACKUP", str(backup))
        return sentence[sentence.index(begin) : sentence.index(end, sentence.index(begin)) + len(end)]

    subprocess.run(remedy("unzip", f"> {file}"), shell=True, check=True)
    assert file.read_text(encoding="utf-8") == text
    file.rename(copy)
    subprocess.run(remedy("cp", f" {file},").rstrip(","), shell=True, check=True)
    assert file.read_text(encoding="utf-8") == text
    file.unlink()
    subprocess.run(remedy("unzip", f"> {file}"), shell=True, check=True)
    assert file.read_text(encoding="utf-8") == text


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b'[site]\ntitle = "\xe5"')
    with pytest.raises(ConfigError, match=r"config.toml is not in UTF-8 \(line 2\); save it in that encoding"):
        config.load(tmp_path / "config.toml")


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    text = WHOLE.format(site="", newsletter="", source="", tables="")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8-sig")
    assert config.load(tmp_path / "config.toml", {}).folder == tmp_path


@pytest.mark.parametrize(
    ("name", "raw", "read"),
    [
        ("NEWSLETTER__SITE__URL", "https://other.example", lambda c: c.site.url == "https://other.example"),
        ("NEWSLETTER__WEB__PORT", "9000", lambda c: c.web.port == 9000),
        ("NEWSLETTER__DELIVERY__SMTP__PASSWORD", "12345", lambda c: c.delivery.smtp.password == "12345"),
        ("NEWSLETTER__DELIVERY__RETRY_DELAYS", '["1s"]', lambda c: c.delivery.retry_delays == (timedelta(seconds=1),)),
        ("NEWSLETTER__COLLECT__ALLOW_PRIVATE_ADDRESSES", "true", lambda c: c.collect.allow_private_addresses),
    ],
)
def test_the_environment_overrides_the_file(name: str, raw: str, read: Any) -> None:
    assert read(parsed({name: raw}))


def test_an_unknown_variable_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"site\.ulr: no such key; did you mean 'url'\?"):
        parsed({"NEWSLETTER__SITE__ULR": "https://x.example"})
    with pytest.raises(ConfigError, match="sets a key in 'url', which is not a table"):
        parsed({"NEWSLETTER__SITE__URL__MORE": "1"})


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of a file\n", encoding="utf-8")
    text = WHOLE.format(
        site='secret_key = { env = "KEY" }',
        newsletter="",
        source="",
        tables='[delivery]\nsmtp = { password = { file = "secret" } }',
    )
    found = config.parse(text, tmp_path / "config.toml", {"KEY": "of the environment"})
    assert (found.site.secret_key, found.delivery.smtp.password) == ("of the environment", "of a file")


def test_skipped_dates_may_be_toml_dates_or_text() -> None:
    assert parsed(newsletter='skip = [2026-12-25, "2027-01-01", "2027-02-28/2027-03-01"]').newsletters[
        "kinaforum"
    ].skip == (date(2026, 12, 25), date(2027, 1, 1), date(2027, 2, 28), date(2027, 3, 1))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda x: st.lists(x, max_size=3)))
def test_no_value_of_any_key_breaks_the_validator(value: object) -> None:
    """Any value in the environment is valid, or one sentence."""
    for key in ("SITE__URL", "DELIVERY__RATE", "NEWSLETTERS__KINAFORUM__SEND", "COLLECT__EVERY", "WEB"):
        with suppress(ConfigError):
            parsed({f"NEWSLETTER__{key}": str(value)})


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 3_000, "a." * 300 + "b = 1", "a = " + "[" * 40 + "]" * 40, "a = " + "{b = " * 500],
    ids=["open arrays", "dotted keys", "arrays", "inline tables"],
)
def test_a_file_that_is_nested_too_deeply_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^not valid TOML|: not valid TOML"):
        config.parse(text)


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 5_000, "1" + "_0" * 5_000])
def test_a_number_with_too_many_digits_is_refused_in_a_sentence(number: str) -> None:
    with pytest.raises(ConfigError, match="not valid TOML: a number has too many digits"):
        config.parse(f"a = {number}")


def test_a_part_of_the_file_table_keeps_the_other_default() -> None:
    assert parsed(tables="[delivery]\nfile = { format = 'eml' }").delivery.file == {"folder": "mails", "format": "eml"}


@pytest.mark.parametrize(
    "url", ["https://a.example/news", "https://a.example/?q=1", "https://a.example/#x", "https://user:pw@a.example"]
)
def test_the_address_with_which_links_begin_has_only_a_host(url: str) -> None:
    text = WHOLE.replace("https://brev.example.org", url)
    with pytest.raises(
        config.ConfigError, match=r"is more than the beginning of a website’s addresses; write 'https://a.example'"
    ):
        config.parse(text.format(site="", newsletter="", source="", tables=""), Path("/nowhere/config.toml"))


def test_the_case_of_an_email_services_keys_makes_no_difference() -> None:
    assert parsed(tables="[delivery.mailgun]\nAPI_KEY = 'x'").delivery.mailgun == {"API_KEY": "x"}


def test_what_a_zero_turns_off_may_be_zero() -> None:
    found = parsed(
        site="minimum_free_space = 0",
        newsletter='late = "0s"\nlate_posts = "0d"',
        tables='[delivery]\nrate = 0\nretry_for = "0s"\nkeep_deliveries = "0d"\nwarm_up = { first_day = 0 }',
    )
    assert (found.delivery.retry_for, found.site.minimum_free_space) == (timedelta(), 0)
