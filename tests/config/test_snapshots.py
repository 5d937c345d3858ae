"""Who may ask for the configuration in force: the edges of the program. All else is given one and keeps to it."""

import ast
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
}
MAY_REFRESH = {
    "newsletter/background/local.py",
    "newsletter/background/shared.py",
    "newsletter/cli/services.py",
    "newsletter/web/desk/settings/editing.py",
    "newsletter/web/middleware.py",
}
MAY_SET = {
    "newsletter/cli/common.py",
    "newsletter/sending/worker.py",
    "newsletter/start.py",
    "newsletter/web/first_run/server.py",
}


def files_that_name(name: str) -> set[str]:
    """Files with `config.<name>`, or that import it from there."""
    found = set()
    for package in (newsletter, subscribers):
        root = Path(package.__path__[0])
        for path in root.rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if path.name != "__init__.py" and any(names(node, name) for node in ast.walk(tree)):
                found.add(str(path.relative_to(root.parent)))
    return found


def names(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name and isinstance(node.value, ast.Name) and node.value.id == "config"
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith("newsletter.config") and any(a.name == name for a in node.names)
    return False


def test_only_the_edges_ask_for_the_configuration_in_force() -> None:
    assert files_that_name("current") == MAY_ASK


def test_only_the_edges_read_the_file_again() -> None:
    assert files_that_name("refresh") == MAY_REFRESH


def test_only_the_edges_ask_for_the_number_of_the_configuration_and_what_waits_for_a_restart() -> None:
    assert files_that_name("snapshot") == {"newsletter/cli/services.py", "newsletter/web/desk/home/views.py"}


def test_only_what_comes_a_thousand_times_a_second_asks_for_a_recent_one() -> None:
    assert files_that_name("recent") == {"newsletter/web/application.py", "newsletter/web/fast_path.py"}


def test_only_the_edges_put_a_configuration_in_force() -> None:
    assert files_that_name("use") == MAY_SET
