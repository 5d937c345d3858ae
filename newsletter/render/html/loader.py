"""Loads templates: those beside config.toml first, file by file, then the shipped ones.

An undefined name, an invalid line and a missing file are each reported in one sentence with the file and the line.
"""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from newsletter.messages import Message, Problem, lint as messages
from newsletter.messages.general import ABOUT, TEXT

_PACKAGE = Path(__file__).resolve().parents[2]
_MARKED_UP = (".mjml", ".html", ".xml")


class TemplateProblem(Problem):
    """A template that can't be rendered; the message names its file and line."""


def shipped_folder() -> Path:
    """Return the folder of the shipped templates: inside the package in a wheel, beside it in a checkout."""
    in_package = _PACKAGE / "_templates"
    return in_package if in_package.is_dir() else _PACKAGE.parent / "templates"


class _Environment(SandboxedEnvironment):
    """Jinja2's sandbox, which asks ten questions about each attribute, with one for those of our dataclasses."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what a template may read: of a dataclass, all fields and properties that aren't private."""
        if hasattr(type(obj), "__dataclass_fields__") and not attribute.startswith("_"):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


@lru_cache(maxsize=16)
def environment(templates: Path | None = None) -> SandboxedEnvironment:
    """Return Jinja2 for the publisher's folder, if any, and the shipped one; changed files are read again.

    Names that begin with "shipped/" always mean the shipped file, so that a publisher's file can extend the one that it
    replaces.
    """
    shipped = jinja2.FileSystemLoader(shipped_folder())
    publishers = [jinja2.FileSystemLoader(templates)] if templates else []
    return _Environment(
        loader=jinja2.ChoiceLoader([*publishers, shipped, jinja2.PrefixLoader({"shipped": shipped})]),
        autoescape=lambda name: bool(name and name.endswith(_MARKED_UP)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_template(name: str, context: Mapping[str, Any], templates: Path | None = None) -> str:
    """Return a rendered template. Raises `TemplateProblem`, which names the error and its place."""
    with problems(name, templates):
        return environment(templates).get_template(name).render(context)


def source_of(name: str, templates: Path | None = None) -> str:
    """Return the source of a template."""
    env = environment(templates)
    assert env.loader is not None
    return env.loader.get_source(env, name)[0]


@contextmanager
def problems(name: str, templates: Path | None) -> Iterator[None]:
    """Convert any error in a template into a `TemplateProblem`."""
    try:
        yield
    except jinja2.TemplateNotFound as error:
        folders = tuple(str(folder) for folder in (templates, shipped_folder()) if folder)
        missing = messages.NO_TEMPLATE(name=str(error.name or name), folders=folders)
        raise TemplateProblem(ABOUT(subject=_shown(name), message=missing)) from error
    except jinja2.TemplateSyntaxError as error:
        file, problem = _shown(error.name or name), TEXT(words=_words(str(error.message)))
        raise TemplateProblem(messages.AT_LINE(file=file, line=error.lineno, problem=problem)) from error
    except Exception as error:
        raise TemplateProblem(_placed(error, name, templates)) from error


def _shown(name: str) -> str:
    return f"templates/{name}"


def _placed(error: Exception, name: str, templates: Path | None) -> Message:
    """Return the reason with the innermost template line in the traceback, which Jinja2 rewrites to the template's."""
    folders = [folder for folder in (templates, shipped_folder()) if folder]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        for folder in folders:
            if Path(frame.filename).is_relative_to(folder):
                file = _shown(Path(frame.filename).relative_to(folder).as_posix())
                return messages.AT_LINE(file=file, line=frame.lineno or 0, problem=_reason(error))
    return ABOUT(subject=_shown(name), message=_reason(error))


def _reason(error: Exception) -> Message:
    if isinstance(error, jinja2.UndefinedError):
        return messages.UNKNOWN_NAME(cause=_words(error.message or str(error)))
    return TEXT(words=_words(f"{type(error).__name__}: {error}"))


def _words(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
