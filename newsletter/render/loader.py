"""Where templates come from: those beside config.toml first, file by file, then the shipped ones.

The loader promises that a name that nobody defined, a wrong line and a missing file are each one sentence with the
file and the line.
"""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

_PACKAGE = Path(__file__).resolve().parent.parent
_MARKED_UP = (".mjml", ".html", ".xml")


class TemplateProblem(ValueError):
    """A template that can't be rendered: one sentence with its file and line."""


def shipped_folder() -> Path:
    """The folder of the shipped templates: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / "_templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


@lru_cache(maxsize=16)
def environment(templates: Path | None = None) -> SandboxedEnvironment:
    """Jinja2 over the publisher's folder (where there is one) and the shipped one; changed files are read again.

    Names that begin with "shipped/" always mean the shipped file, so that a publisher's file may extend the one it
    stands before.
    """
    shipped = jinja2.FileSystemLoader(shipped_folder())
    own = [jinja2.FileSystemLoader(templates)] if templates else []
    return SandboxedEnvironment(
        loader=jinja2.ChoiceLoader([*own, shipped, jinja2.PrefixLoader({"shipped": shipped})]),
        autoescape=lambda name: bool(name and name.endswith(_MARKED_UP)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_template(name: str, context: Mapping[str, Any], templates: Path | None = None) -> str:
    """A template's text; `TemplateProblem` says in one sentence what is wrong with it, and where."""
    with problems(name, templates):
        return environment(templates).get_template(name).render(context)


def source_of(name: str, templates: Path | None = None) -> str:
    """A template as it is written."""
    env = environment(templates)
    assert env.loader is not None
    return env.loader.get_source(env, name)[0]


@contextmanager
def problems(name: str, templates: Path | None) -> Iterator[None]:
    """Turns whatever goes wrong inside a template into a `TemplateProblem`."""
    try:
        yield
    except jinja2.TemplateNotFound as error:
        looked = " and ".join(str(f) for f in ([templates] if templates else []) + [shipped_folder()])
        raise TemplateProblem(f"{_shown(name)}: there is no template {error.name!r} in {looked}.") from error
    except jinja2.TemplateSyntaxError as error:
        place = _shown(error.name or name)
        raise TemplateProblem(f"{place} line {error.lineno}: {_sentence(str(error.message))}") from error
    except Exception as error:
        raise TemplateProblem(f"{_place(error, name, templates)}: {_sentence(_reason(error))}") from error


def _shown(name: str) -> str:
    return f"templates/{name}"


def _place(error: Exception, name: str, templates: Path | None) -> str:
    """The innermost line of a template in the traceback (Jinja2 rewrites it to the template's own lines)."""
    folders = [folder for folder in (templates, shipped_folder()) if folder]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        for folder in folders:
            if Path(frame.filename).is_relative_to(folder):
                return f"{_shown(Path(frame.filename).relative_to(folder).as_posix())} line {frame.lineno}"
    return _shown(name)


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.UndefinedError):
        return f"{error.message or error}; see docs/templates.md for the names there are"
    return f"{type(error).__name__}: {error}"


def _sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return f"{text}."
