"""Retired names and phrases stay out of code, templates, catalogues and documents.

They were a private dialect that readers had to translate. `docs/glossary.md` has the words that are used instead.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]

NAMES = (
    # The sending engine
    "Became", "Frozen", "FROZEN", "Gathering", "Held", "Orphan", "Shift", "Trouble", "Why", "BadReader", "FileBox",
    "Garbage", "Prepared", "OutOfStep", "_awaited", "_go_on", "_hungry", "_shift", "farewell", "going_well",
    "held_against_us", "innocent", "thawed", "untried", "waits_for_dot",
    # Queries, audience and results
    "into_the_file", "nothing_left_now", "patiently", "pause_by_itself", "somebody_sends", "spans", "take_part",
    # Elsewhere
    "SOURCE_KINDS", "Whereabouts", "newest_change", "no_such_mailbox",
)  # fmt: skip
"""Names of classes, functions, parameters, attributes and local variables."""

FUNCTIONS = ("came", "nameless", "phrased")
"""Names of functions; a variable may have them."""

PHRASES = (
    # Docstrings
     "a lone dot", "by itself", "does not do", "gives how many", "in hand", r"(?<!there )is none",
    "nobody can tell", "phrased once", "somebody's", "tells whether",
    "carried by", "in the hands of", "older ones", "a key that is none", "in nobody's hands",
    # Pages and emails
    "all views", "asked again with the next", "its server has a fault", "names no feed",
    "act on nobody", r"(?-i:All is well)", "an edition waits for you", "apart by spaces", "beside earlier editions",
    "(?-i:Change something)", "don't fit together", "follow by feed", r"(?-i:Go there)", "in trouble",
    "is everything there",
    "it comes to you", "keyed mark", "last here", "left afterwards", "let somebody in", "look among the spam",
    "look into your mailbox", "nobody fits that", r"nothing leaves\.", "nothing of ours", "on to its columns",
    "people at the desk", "present password", "read them now", r"second factor(?! o(?:n|ff)\b)", "stop it for good",
    "that time is over",
    "the link is good for", "the server's words", "this waits for you", "what would come of it",
    "which column is which",
    "approve it for", "closing words", "every view of it", "gmail cuts what",
    "goes out by itself", "it begins when a sender is running", "it can't be approved yet", "it leaves by itself",
    "leave it to the rules", "left empty, it is made",
    "nothing is wrong with the mail", "overrule them", "send a proof", "somebody who may send",
    "the address is free again", "the first mail has left", "what you see is frozen",
    "you get a mail first", "a draft is there", "look at it first", "with something added",
    # Norwegian
    "det kommer til deg", "forhåndstekst", "i vansker", "ta pause til en dag", "tjenerens ord",
    "ved siden av tidligere utgaver",
)  # fmt: skip
"""Wording in docstrings, comments, texts, templates, catalogues and documents, in any case."""


CONTRACT: tuple[tuple[str, str], ...] = ()
"""Files, and retired phrases that they must contain, because commands, options, keys or addresses have them."""


class Place(NamedTuple):
    """Where a text is."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.text.strip()[:100]}"


@cache
def files(*patterns: str) -> tuple[Path, ...]:
    """Return the project's files that match one of the patterns."""
    skipped = {".venv", ".git", "node_modules", "__pycache__", "golden", "migrations"}
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if not skipped & set(path.parts)}
    return tuple(sorted(found - {Path(__file__)}))


def python_files() -> tuple[Path, ...]:
    return files("newsletter/**/*.py", "subscribers/**/*.py", "tests/**/*.py", "*.py", "docs/*.py")


def identifiers(path: Path) -> Iterator[Place]:
    """Yield the names that a module defines, and those of functions also as `name()`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Place(path, node.lineno, node.name)
                if not isinstance(node, ast.ClassDef):
                    yield Place(path, node.lineno, f"{node.name}()")
            case ast.arg():
                yield Place(path, node.lineno, node.arg)
            case ast.Name(ctx=ast.Store()):
                yield Place(path, node.lineno, node.id)
            case ast.Attribute(value=ast.Name(id="self")):
                yield Place(path, node.lineno, node.attr)


def comments_and_strings(path: Path) -> Iterator[Place]:
    """Yield a module's comments, docstrings and texts; neighbouring comment lines as one."""
    previous: Place | None = None
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.removeprefix("#")
            joined = previous is not None and previous.line + previous.text.count("\n") + 1 == token.start[0]
            previous = (
                Place(path, previous.line, f"{previous.text}\n{text}")
                if previous and joined
                else Place(path, token.start[0], text)
            )
        elif token.type == tokenize.STRING:
            yield Place(path, token.start[0], token.string)
        if previous is not None and token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE):
            yield previous
            previous = None


def messages(path: Path) -> Iterator[Place]:
    """Yield the messages of a catalogue and their translations."""
    with path.open("rb") as file:
        for message in read_po(file):
            for text in (message.id, message.string):
                for each in text if isinstance(text, tuple | list) else (text,):
                    yield Place(path, message.lineno or 0, each)


def paragraphs(path: Path) -> Iterator[Place]:
    """Yield the paragraphs of a document or template."""
    line = 1
    for paragraph in re.split(r"(\n\s*\n)", path.read_text(encoding="utf-8")):
        if paragraph.strip():
            yield Place(path, line, paragraph)
        line += paragraph.count("\n")


def texts() -> Iterator[Place]:
    """Yield every text that people read."""
    for path in python_files():
        yield from comments_and_strings(path)
    for path in files("*/locale/*/LC_MESSAGES/*.po"):
        yield from messages(path)
    for path in files("*.md", "docs/*.md", "config.toml", "templates/**/*", "newsletter/**/templates/**/*",
                      "subscribers/**/templates/**/*"):  # fmt: skip
        if path.is_file():
            yield from paragraphs(path)


def test_retired_names_are_not_used() -> None:
    retired = {*NAMES, *(f"{name}()" for name in FUNCTIONS)}
    found = [str(place) for path in python_files() for place in identifiers(path) if place.text in retired]
    assert found == []


def test_retired_phrases_are_not_used() -> None:
    pattern = re.compile("|".join(rf"(?<!\w){phrase}(?!\w)" for phrase in PHRASES), re.IGNORECASE)
    matches = ((place, match[0]) for place in texts() for match in pattern.finditer(" ".join(place.text.split())))
    found = [(phrase, str(place)) for place, phrase in matches if not (phrase == "is None" or allowed(place, phrase))]
    assert found == []


def allowed(place: Place, phrase: str) -> bool:
    """Return whether the contract has the phrase in this file."""
    return any(phrase.lower() == retired and place.path.match(pattern) for pattern, retired in CONTRACT)


def test_phrases_are_found_in_each_kind_of_text(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""What is\nnone."""\n\n# nobody\n# can tell\nx = r"(?-i:All is well)"\n', encoding="utf-8")
    assert [" ".join(place.text.split()) for place in comments_and_strings(module)] == [
        '"""What is none."""', "nobody can tell", 'r"(?-i:All is well)"',
    ]  # fmt: skip
    catalogue = tmp_path / "django.po"
    catalogue.write_text('msgid ""\nmsgstr ""\n\nmsgid "Words"\nmsgstr "Forhåndstekst"\n', encoding="utf-8")
    assert [place.text for place in messages(catalogue)][-2:] == ["Words", "Forhåndstekst"]
    page = tmp_path / "page.html"
    page.write_text("<p>Stop it\nfor good</p>\n\n<p>b</p>\n", encoding="utf-8")
    assert [(place.line, place.text) for place in paragraphs(page)] == [
        (1, "<p>Stop it\nfor good</p>"), (4, "<p>b</p>\n"),
    ]  # fmt: skip
