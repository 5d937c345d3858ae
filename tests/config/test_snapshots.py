"""Who may ask for the configuration in force: the edges of the program. All else is given one and keeps to it."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import newsletter
import subscribers

MAY_ASK = {
    "newsletter/asgi.py",
    "newsletter/cli/sending.py",
    "newsletter/cli/serving.py",
    "newsletter/editions/offers/newcomers.py",  # it answers a signal, which has no configuration
    "newsletter/transactional/offered_posts.py",  # likewise
    "newsletter/settings.py",  # also when Django goes through the hosts, without a request
    "newsletter/web/middleware.py",  # Django asks for the origins that are trusted, without a request
    "subscribers/models/filters.py",  # which fields a filter can name
    "subscribers/personal_fields.py",  # forms, models and signals ask for a person's fields
}
MAY_REFRESH = {
    "newsletter/background/local.py",
    "newsletter/background/shared.py",
    "newsletter/cli/services.py",
    "newsletter/web/desk/settings/editing.py",
    "newsletter/web/desk/settings/new_newsletter.py",
    "newsletter/web/middleware.py",
}
MAY_SET = {
    "newsletter/cli/common.py",
    "newsletter/sending/worker.py",
    "newsletter/start.py",
    "newsletter/web/first_run/server.py",
}


@cache
def files_by_name() -> Mapping[str, set[str]]:
    """The files with `config.<name>`, or that import it from there, by the name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for package in (newsletter, subscribers):
        root = Path(package.__path__[0])
        for path in root.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.name != "__init__.py" else ():
                for name in names(node):
                    found[name].add(str(path.relative_to(root.parent)))
    return found


def names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(value=ast.Name(id="config"), attr=name):
            yield name
        case ast.ImportFrom(module=str(module), names=imported) if module.startswith("newsletter.config"):
            yield from (each.name for each in imported)
        case _:
            pass


def test_only_the_edges_ask_for_the_configuration_in_force() -> None:
    assert files_by_name()["current"] == MAY_ASK


def test_only_the_edges_read_the_file_again() -> None:
    assert files_by_name()["refresh"] == MAY_REFRESH


def test_only_the_edges_ask_for_the_number_of_the_configuration_and_what_waits_for_a_restart() -> None:
    assert files_by_name()["snapshot"] == {"newsletter/cli/services.py", "newsletter/web/desk/home/views.py"}


def test_only_what_comes_a_thousand_times_a_second_asks_for_a_recent_one() -> None:
    assert files_by_name()["recent"] == {"newsletter/web/application.py", "newsletter/web/fast_path.py"}


def test_only_the_edges_put_a_configuration_in_force() -> None:
    assert files_by_name()["use"] == MAY_SET
