"""The documents say what is: every key with its default, every command and option, links that lead somewhere."""

import dataclasses
import re
import shlex
import tomllib
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import typer

from newsletter import config
from newsletter.cli.app import application
from newsletter.config import Config
from newsletter.config.tables import ConfigTable

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SMALLEST = """
[site]
url = "https://brev.example.org"
[newsletters.NAME]
title = "Brev"
from = "brev@example.org"
address = "Postboks 1"
[[newsletters.NAME.sources]]
url = "https://blog.example/"
"""
ROW = re.compile(r"^\| `([a-z][\w.]*(?:NAME)?[\w.]*)` \| (?:`(.*?)`|([a-z ]+)) \|", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def inner(kind: Any) -> Any:
    """The dataclass in a field's type, if there is one."""
    if isinstance(kind, type) and issubclass(kind, ConfigTable):
        return kind
    if hasattr(kind, "__metadata__"):
        return inner(kind.__origin__)
    if get_origin(kind) in (tuple, Union, types.UnionType):
        return next((found for argument in get_args(kind) if (found := inner(argument))), None)
    return None


def keys(kind: Any, above: str = "") -> Iterator[str]:
    """Every key that config.toml may have, as the documents write it."""
    for each in dataclasses.fields(kind):
        if above == "" and each.name == "newsletters":
            yield from keys(config.Newsletter, "newsletters.NAME.")
            continue
        name = above + ("from" if each.name == "sender" else each.name)
        if name in ("file", "allow_local_links", "newsletters.NAME.name"):
            continue  # found out by the program itself
        below = inner(each.type)
        if name == "newsletters.NAME.cadence":
            yield from keys(config.CadenceSettings, f"{name}.CADENCE.")
            continue
        if name == "newsletters.NAME.topics":
            yield from (name, *keys(config.Topic, f"{name}.TOPIC."))
            continue
        if name == "fields":
            yield from (name, *keys(config.OwnField, f"{name}.KEY."))
            continue
        if below is None or name == "delivery.dkim":
            yield name
        if below is not None:
            yield from keys(below, f"{name}.")


def documented() -> dict[str, tuple[str, str]]:
    return {name: (literal, words) for name, literal, words in ROW.findall(text("docs/configuration.md"))}


def test_every_key_of_the_configuration_is_documented() -> None:
    assert sorted(set(keys(Config)) - documented().keys()) == []


def test_no_key_is_documented_that_does_not_exist() -> None:
    assert sorted(documented().keys() - set(keys(Config))) == []


def with_value(name: str, literal: str) -> Config:
    """The smallest configuration with one key written out."""
    tree = tomllib.loads(SMALLEST)
    *above, last = name.split(".")
    table = tree
    for part in above:
        table = table.setdefault(part, {})
        table = table[0] if isinstance(table, list) else table
    table[last] = tomllib.loads(f"v = {literal}")["v"]
    return config.parse(as_toml(tree))


def as_toml(tree: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {value(each)}" for key, each in tree.items())


def value(each: Any) -> str:
    if isinstance(each, dict):
        return "{ " + ", ".join(f'"{k}" = {value(v)}' for k, v in each.items()) + " }"
    if isinstance(each, list):
        return "[" + ", ".join(map(value, each)) + "]"
    return {True: "true", False: "false"}[each] if isinstance(each, bool) else repr(each).replace("'", '"')


SMALLEST = SMALLEST.replace("NAME", "brev")
WITH_DEFAULTS = [(name.replace("NAME", "brev"), given[0]) for name, given in documented().items() if given[0]]
MOMENTS = ("newsletters.brev.draft", "newsletters.brev.send")


def test_the_documented_default_is_the_default() -> None:
    usual = config.parse(SMALLEST)
    for name, literal in WITH_DEFAULTS:
        given = with_value(name, literal)
        if name in MOMENTS:
            part = f"{name.rpartition('.')[2]}_moment"
            assert getattr(given.newsletters["brev"], part) == getattr(usual.newsletters["brev"], part), name
        else:
            assert given == usual, name


REQUIRED = [name.replace("NAME", "brev") for name, given in documented().items() if given[1] == "required"]


@pytest.mark.parametrize(
    "name", [n for n in REQUIRED if not {"dkim", "sources", "sections", "fields"} & set(n.split("."))]
)
def test_keys_documented_as_required_are_required(name: str) -> None:
    tree = tomllib.loads(SMALLEST)
    *above, last = name.split(".")
    table = tree
    for part in above:
        table = table[part]
    del table[last]
    with pytest.raises(config.ConfigError, match=rf"{name}: required"):
        config.parse(as_toml(tree))


def blocks(language: str) -> list[tuple[str, str]]:
    """The code blocks of one language in all documents, with the document each is from."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        (str(path.relative_to(ROOT)), found) for path in DOCUMENTS for found in pattern.findall(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("document", "block"), blocks("toml"))
def test_a_configuration_in_a_document_can_be_read(document: str, block: str) -> None:
    """Parts are read on top of the smallest configuration; secrets from outside are taken as given."""
    outside = re.compile(r"\{ (?:env|file) = \"[^\"]+\" \}")
    tree = tomllib.loads(outside.sub('"secret"', block))
    smallest = tomllib.loads(SMALLEST)
    if not tree.keys() & {each.name for each in dataclasses.fields(Config)}:
        tree = {"newsletters": {"brev": tree}}
    whole = {**({} if "newsletters" in tree else {"newsletters": smallest["newsletters"]}), **tree}
    whole.setdefault("site", smallest["site"])
    for newsletter in whole["newsletters"].values():
        for key, usual in smallest["newsletters"]["brev"].items():
            newsletter.setdefault(key, usual)
    assert config.parse(as_toml(whole))


def test_the_example_can_be_read() -> None:
    assert config.load(ROOT / "config.toml", environ={}).newsletters.keys() == {"kinaforum"}


@pytest.fixture(scope="module")
def commands() -> dict[str, list[str]]:
    """Every command with its options, those of a group under its name."""
    found: dict[str, list[str]] = {}
    for name, command in typer.main.get_group(application()).commands.items():
        below = getattr(command, "commands", {})
        found |= {f"{name} {each}": options(inside) for each, inside in below.items()} or {name: options(command)}
    return found


def options(command: Any) -> list[str]:
    """The long options of a command; `manage` passes its words on."""
    given = (opt for p in command.params for opt in (*p.opts, *p.secondary_opts))
    return [opt for opt in given if opt.startswith("--") and opt != "--help"]


def test_every_command_is_documented(commands: dict[str, list[str]]) -> None:
    assert len(commands) > 25
    missing = [name for name in commands if f"`{name}" not in text("docs/commands.md")]
    assert missing == []


def test_every_option_is_documented(commands: dict[str, list[str]]) -> None:
    document = text("docs/commands.md")
    given = {option for found in commands.values() for option in found}
    assert sorted(o for o in given if not re.search(rf"{o}\b(?!-)", document)) == []


def test_the_commands_in_the_guides_exist(commands: dict[str, list[str]]) -> None:
    wrong = []
    for path in [*(ROOT / "docs/moving").glob("*.md"), ROOT / "docs/moving-in.md", ROOT / "docs/leaving.md"]:
        for line in re.findall(r"newsletter ((?:[a-z-]+ )*[a-z-]+[^`\n]*)", path.read_text("utf-8")):
            words = shlex.split(line) if line.count('"') % 2 == 0 else line.split()
            name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in commands), None)
            options = [word for word in words if re.fullmatch(r"--[a-z-]+|-[a-z]", word)]
            if name and (unknown := set(options) - set(commands[name]) - {"-n"}):
                wrong.append(f"{path.name}: {name} has no {unknown}")
            if name is None and (options or f"`newsletter {line}`" in path.read_text("utf-8")):
                wrong.append(f"{path.name}: there is no command {line}")
    assert wrong == []


def links() -> list[tuple[str, str]]:
    pattern = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
    found = ((path, target) for path in DOCUMENTS for target, _ in pattern.findall(path.read_text("utf-8")))
    return [(str(path.relative_to(ROOT)), target) for path, target in found if "://" not in target]


def test_a_link_leads_to_a_file() -> None:
    assert len(links()) > 200
    assert [each for each in links() if not ROOT.joinpath(each[0]).parent.joinpath(each[1]).exists()] == []


def test_a_path_that_a_document_names_is_there() -> None:
    """Paths begin at the repository or at `newsletter`; a module beside the one before it is named alone."""
    packages = [path.name for path in (ROOT / "newsletter").iterdir() if path.is_dir()]
    beginnings = "|".join(("newsletter", "subscribers", "tests", "docs", *packages))
    paths = re.compile(rf"`((?:{beginnings})/[a-z0-9_./-]*|[a-z0-9_/]+\.py)`")
    modules = {path.name for each in ("newsletter", "subscribers", "tests") for path in (ROOT / each).rglob("*.py")}
    documents = (ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    named = {(each.name, path) for each in documents for path in paths.findall(each.read_text("utf-8"))}
    there = {path for _, path in named if any(ROOT.joinpath(base, path).exists() for base in ("", "newsletter"))}
    assert sorted((name, path) for name, path in named if path not in there | modules) == []


def test_the_index_names_every_document() -> None:
    named = set(re.findall(r"\]\(([\w./-]+\.md)\)", text("docs/README.md")))
    assert {p.name for p in (ROOT / "docs").glob("*.md")} - {"README.md"} <= named


@pytest.mark.parametrize("words", ["make demo", "make test", "docs/images/mail.jpg", "docs/README.md"])
def test_the_readme_begins_with_what_one_needs(words: str) -> None:
    assert words in text("README.md")


def test_the_picture_of_the_mail_is_small() -> None:
    assert (ROOT / "docs" / "images" / "mail.jpg").stat().st_size < 150_000


def test_no_sentence_stands_twice_outside_code() -> None:
    """A merge can leave a line twice, or half of an entry."""
    twice: list[tuple[str, str]] = []
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        lines = Counter(line for line in prose.splitlines() if len(line) > 60 and not line.startswith("|"))
        twice += [(document.name, line) for line, count in lines.items() if count > 1]
    assert twice == []
