"""Shared by all commands: options, JSON output, errors and exit statuses."""

import errno
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from newsletter.cli import common
from newsletter.cli.common import Failed, take_common_options
from tests.cli.conftest import CONFIG, Run

pytestmark = pytest.mark.django_db


@given(st.permutations(["--json", "--quiet", "draft", "kinaforum", "--config=x.toml"]))
def test_common_options_are_accepted_anywhere(words: list[str]) -> None:
    rest = take_common_options(words)
    assert rest == [w for w in words if not w.startswith("--")]
    assert (common.options().json, common.options().quiet, common.options().config) == (True, True, "x.toml")


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["manage", "shell", "--json"], ["manage", "shell", "--json"]),
        (["--json", "manage", "--config", "x"], ["manage", "--config", "x"]),
        (["try", "--", "--json"], ["try", "--", "--json"]),
        (["show", "manage", "--json"], ["show", "manage"]),
    ],
)
def test_arguments_after_manage_or_two_dashes_are_left_unchanged(words: list[str], rest: list[str]) -> None:
    assert take_common_options(words) == rest


def test_options_of_one_call_are_not_those_of_the_next() -> None:
    take_common_options(["--json", "--debug"])
    take_common_options(["show"])
    assert common.options() == common.Options()


def test_a_config_without_a_path_is_an_error() -> None:
    with pytest.raises(Failed, match="--config requires the path of a file"):
        take_common_options(["show", "--config"])


@pytest.mark.parametrize("words", [["editions", "--config", "b.toml"], ["--config=b.toml", "editions"]])
def test_another_configuration_may_be_named(command: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "config.toml").unlink()
    (tmp_path / "b.toml").write_text(CONFIG, encoding="utf-8")
    assert command(*words, "--json").document == {"editions": []}


def test_the_environment_may_name_the_configuration(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").rename(tmp_path / "c.toml")
    monkeypatch.setenv("NEWSLETTER_CONFIG", str(tmp_path / "c.toml"))
    assert command("editions", "--json").document == {"editions": []}


def test_quiet_prints_no_table(command: Run) -> None:
    assert command("editions", "--quiet").out == ""


def test_a_wrong_configuration_is_status_2_with_a_line_for_each_fault(command: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG + 'conections = 5\nrate = "fast"\n', encoding="utf-8")
    told = command("editions", status=2)
    assert sorted(told.err.splitlines()) == [
        "delivery.conections: no such key; did you mean 'connections'?",
        "delivery.rate: 'fast' is not a rate; use '0' for no limit, or a form such as '20/s', '300/m' or '5000/h'",
    ]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["draft", "nobody"], 1, "there is no newsletter 'nobody'; config.toml has kinaforum"),
        (["collect", "nobody"], 1, "there is no newsletter 'nobody'"),
        (["editions", "nobody"], 1, "there is no newsletter 'nobody'"),
        (["show", "kinaforum/2026-W60"], 1, "there is no edition 'kinaforum/2026-W60'; 'newsletter editions' lists"),
        (["show", "kinaforum"], 1, "there is no edition 'kinaforum'"),
        (["approve", "kinaforum/2026-W60"], 1, "there is no edition 'kinaforum/2026-W60'"),
        (["draft", "kinaforum", "--week", "2026-W60", "--no-collect"], 1, "the period '2026-W60' does not exist"),
        (["draft", "kinaforum", "--cadence", "day"], 2, "--cadence must be week for kinaforum, not 'day'"),
        (
            ["draft", "kinaforum", "--cadence", "week", "--letter"],
            2,
            "corrections have no --cadence",
        ),
        (["draft", "kinaforum", "--week", "6"], 2, "--week must look like 2026-W06, not '6'"),
        (["draft", "kinaforum", "--month", "2026-02-06"], 2, "--month must look like 2026-02"),
        (["draft", "kinaforum", "--day", "2026-W06"], 2, "--day must look like 2026-02-06"),
        (["draft", "kinaforum", "--since", "2026-02-01"], 2, "--since requires --until"),
        (["draft", "kinaforum", "--week", "2026-W06", "--day", "2026-02-06"], 2, "use only one of"),
        (["draft", "kinaforum", "--until", "friday"], 2, "--until: 'friday' is not a time"),
        (["draft", "kinaforum", "--correct", "kinaforum/2026-W60"], 1, "there is no edition 'kinaforum/2026-W60'"),
        (["try", "kinaforum"], 2, "kinaforum: not a file or web address"),
        (["try", "config.toml", "--since", "then"], 2, "--since: 'then' is not a time"),
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["draft"], 2, "Missing argument"),
        (["draft", "kinaforum", "--weak", "2026-W06"], 2, "No such option: --weak (did you mean --week?); see"),
        (["approve", "kinaforum/2026-W06", "--revision", "new"], 2, "Invalid value for '--revision'"),
        (["--config", "elsewhere.toml", "check"], 2, "elsewhere.toml: no such file; create one with 'newsletter init'"),
    ],
)
def test_an_error_is_one_sentence_and_a_status(command: Run, words: list[str], status: int, told: str) -> None:
    assert told in command(*words, status=status).sentence


def test_debug_shows_where_an_error_came_from(command: Run) -> None:
    told = command("show", "kinaforum/2026-W60", "--debug", status=1).err
    assert told.startswith("Traceback")
    assert told.endswith("'newsletter editions' lists them\n")


class Terminal(io.StringIO):
    """A person who types one answer."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("JA\n", True), ("n\n", False), ("", False)])
def test_a_person_is_asked_on_a_terminal(
    answer: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    if goes_on:
        common.confirm("Send it?", yes=False)
    else:
        with pytest.raises(Failed, match="nothing was done") as caught:
            common.confirm("Send it?", yes=False)
        assert caught.value.status == 3
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Send it? [y/N] ")


def test_without_a_terminal_it_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    common.confirm("Send it?", yes=True)
    with pytest.raises(Failed, match="confirm with --yes") as caught:
        common.confirm("Send it?", yes=False)
    assert caught.value.status == 3


def test_a_note_that_can_not_be_written_stops_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys.stderr, "write", write)
    common.say("the desk is at http://127.0.0.1:8000/desk/")
