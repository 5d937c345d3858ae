"""`init`, `check`, `run`, `demo`, `manage`: getting going."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from newsletter.cli.common import IMPOSSIBLE, console, emit, fail, options, ready
from newsletter.config import SHIPPED_TEMPLATES, Config

CHILD = '{% extends "shipped/edition.mjml" %}\n'
EXAMPLE = Path(__file__).parent / "example.toml"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: newsletter init my-newsletter --templates")(init)
    app.command(epilog="Example: newsletter demo --once")(demo)
    app.command(epilog="Example: newsletter check --dns --connect")(check)
    app.command(epilog="Example: newsletter run --port 8080")(run)
    app.command(
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
        epilog="Example: newsletter manage dbshell",
    )(manage)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="where to write")] = Path(),
    templates: Annotated[bool, typer.Option("--templates", help="also templates to restyle")] = False,
) -> None:
    """Write a commented config.toml, and templates that extend the shipped ones; nothing is overwritten."""
    files = {folder / "config.toml": EXAMPLE.read_text(encoding="utf-8")}
    if templates:
        files[folder / "templates" / "edition.mjml"] = _child_template()
    there = [str(path) for path in files if path.exists()]
    if there:
        fail(f"{there[0]} is there already and is left as it is; give another folder", IMPOSSIBLE)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    written = [str(path) for path in files]
    emit(
        {"files": written},
        f"wrote {', '.join(written)}; now put your blog's address into it and run 'newsletter check'",
    )


def demo(
    dir_: Annotated[Path | None, typer.Option("--dir", help="keep everything in this folder")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="do not open the browser")] = False,
    once: Annotated[bool, typer.Option("--once", help="do it, print what happened, and end")] = False,
) -> None:
    """The whole way on this machine: a sample blog, a draft, a mail sent to a mailbox that it runs, the desk."""
    from newsletter.demo.walk import walk

    def serve(found: Config) -> None:
        from newsletter.cli.server import serve as serve_now

        serve_now(found, host=None, port=None, web=True, schedule=True, send=True)

    quiet = options().quiet or options().json
    tell = console().print if not quiet else lambda line: None
    emit(walk(dir_, browser=not no_open, once=once, serve=serve, tell=tell))


def check(
    dns: Annotated[bool, typer.Option("--dns", help="look SPF, DKIM and DMARC up")] = False,
    connect: Annotated[bool, typer.Option("--connect", help="log in at the provider; no mail is sent")] = False,
) -> None:
    """Say whether configuration, templates and database are ready to send."""
    found = ready(migrate=False)
    from newsletter.jobs.checks import Verdict
    from newsletter.jobs.checks import run as run_checks

    checks = run_checks(found, dns=dns, connect=connect)
    table = Table("", "", "", box=None, show_header=False)
    for each in checks:
        table.add_row(each.verdict, each.about, each.sentence + (f"\n{each.record}" if each.record else ""))
    emit(
        {
            "checks": [
                {"about": c.about, "verdict": c.verdict, "sentence": c.sentence, "record": c.record or None}
                for c in checks
            ]
        },
        table,
    )
    bad = [c for c in checks if c.verdict == Verdict.BAD]
    if bad:
        fail(f"{bad[0].about}: {bad[0].sentence}" + (f" (and {len(bad) - 1} more)" if bad[1:] else ""), IMPOSSIBLE)


def run(
    host: Annotated[str | None, typer.Option(help="the address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="the port to listen on")] = None,
    no_web: Annotated[bool, typer.Option("--no-web", help="no web server")] = False,
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="no clock: nothing is drafted by itself")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="nothing is sent")] = False,
) -> None:
    """Everything in one process: the clock, the sender and the web server, until Ctrl-C."""
    found = ready()
    from newsletter.cli.server import serve

    serve(found, host=host, port=port, web=not no_web, schedule=not no_schedule, send=not no_send)


def manage(context: typer.Context) -> None:
    """Django's own commands."""
    ready(migrate=False)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["newsletter manage", *context.args])


def _child_template() -> str:
    if not (SHIPPED_TEMPLATES / "edition.mjml").exists():
        fail("the shipped templates are missing: install the program again", IMPOSSIBLE)
    return CHILD
