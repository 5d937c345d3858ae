"""`init`, `demo`, `check`, `run`, `manage`: set up and run."""

import os
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import (
    AllowLocalLinks,
    config_file,
    console,
    emit,
    fail,
    fail_if_any,
    listening,
    new_table,
    options,
    ready,
    say,
)
from newsletter.config import Collect, Config, Web, parse
from newsletter.config.durable_files import create
from newsletter.domain.english import counted
from newsletter.messages import Message
from newsletter.messages.general import ABOUT
from newsletter.messages.sources import PRIVATE_ADDRESS, read_once
from newsletter.start import make_secret_key
from newsletter.web.listener import listener_address, pass_on

if TYPE_CHECKING:  # what reads a blog takes a third of a second to import, and other commands don't need it
    from newsletter.domain.check import Check
    from newsletter.setup.blog_profile import BlogProfile

CHILD = '{% extends "shipped/edition.mjml" %}\n'
EXAMPLE_BLOG = "https://blog.example/"

app = typer.Typer()


@app.command(epilog="Example: newsletter init my-newsletter --blog https://kinaforum.example/")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")] = Path(),
    blog: Annotated[str, typer.Option("--blog", metavar="URL", help="The blog to make a newsletter from.")] = "",
    templates: Annotated[bool, typer.Option("--templates", help="Also write a template to customize.")] = False,
    allow_private_addresses: Annotated[
        bool, typer.Option("--allow-private-addresses", help="Allow a blog on this machine or on a private network.")
    ] = False,
) -> None:
    """Write a commented config.toml; --blog fills it in. Existing files are not overwritten."""
    paths = [folder / "config.toml", *([folder / "templates" / "edition.mjml"] if templates else [])]
    if existing := [str(path) for path in paths if path.exists()]:
        fail(f"{existing[0]} exists already and was not changed; choose another folder")
    from newsletter.setup.blog_profile import BlogProfile
    from newsletter.setup.machine import machine_language, machine_timezone
    from newsletter.setup.starter import starter_config

    profile = _profile(blog, allow_private_addresses) if blog else BlogProfile(url=EXAMPLE_BLOG, title="My newsletter")
    text = starter_config(
        profile,
        language=profile.language or machine_language() or "en",
        timezone=profile.timezone or machine_timezone() or "UTC",
        private=allow_private_addresses,
    )
    _create_all(dict(zip(paths, (text, CHILD), strict=False)))
    names = [str(path) for path in paths]
    document = {"newsletter": profile.name, "title": profile.title, "posts": len(profile.posts)} if blog else {}
    emit({"files": names, **document}, "\n".join(_next_steps(folder, names, profile, has_blog=bool(blog))))


def _create_all(contents: Mapping[Path, str]) -> None:
    """Write new files, all or none."""
    created: list[Path] = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            create(path, content)
            created.append(path)
    except OSError:
        for path in created:
            path.unlink()
        raise


def _profile(blog: str, private: bool) -> "BlogProfile":
    from newsletter.feeds.model import SourceProblem
    from newsletter.setup.blog_profile import find_profile
    from newsletter.setup.machine import machine_timezone

    url = blog if "://" in blog else f"https://{blog}"
    try:
        return find_profile(
            url,
            Collect(allow_private_addresses=private),
            now=datetime.now(UTC),
            machine_timezone=machine_timezone(),
        )
    except SourceProblem as e:
        fail(_sentence(e.message))


def _sentence(message: Message) -> str:
    """Return what went wrong, with the remedy that this command has."""
    problem = message.param("message") if ABOUT.matches(message) else message
    if isinstance(problem, Message) and PRIVATE_ADDRESS.matches(problem):
        return f"{problem.param('cause')}; use --allow-private-addresses if that is intended"
    return str(read_once(message))


def _next_steps(folder: Path, names: list[str], profile: "BlogProfile", *, has_blog: bool) -> list[str]:
    """Return lines that say what was written and what to do next."""
    directory = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    if not has_blog:
        return [
            f"Wrote {', '.join(names)}.",
            "Enter your blog's address and your newsletter's title there, then run: newsletter check",
        ]
    return [
        f"Wrote {', '.join(names)}: {profile.title}, with {counted(len(profile.posts), 'post')} in its feed.",
        f"Make the first draft with: {directory}newsletter draft {profile.name}",
    ]


@app.command(epilog="Example: newsletter demo --once")
def demo(
    dir_: Annotated[Path | None, typer.Option("--dir", help="Keep everything in this folder.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the browser.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Print what happened and exit.")] = False,
) -> None:
    """Try everything on this machine.

    A sample blog is collected, a draft is made and sent to a test mailbox, and the desk opens in your browser.
    """
    try:
        from newsletter.demo.walk import walk
    except ModuleNotFoundError as e:
        if not (e.name or "").startswith("aiosmtpd"):
            raise
        fail("the demo needs the package aiosmtpd; install it with: pip install 'newsletter[demo]'")

    def serve(configuration: Config) -> None:
        from newsletter.cli.serving import serve as serve_now

        serve_now(configuration, host=None, port=None, web=True, schedule=True, send=True)

    quiet = options().quiet or options().json
    tell = console().print if not quiet else lambda line: None
    emit(walk(dir_, browser=not no_open, once=once, serve=serve, tell=tell))


@app.command(epilog="Example: newsletter check --dns --connect")
def check(
    dns: Annotated[bool, typer.Option("--dns", help="Also check what mailbox providers require.")] = False,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also log in to each provider and the fallback; no email is sent.")
    ] = False,
    integrity: Annotated[
        bool, typer.Option("--integrity", help="Also read the whole database and look for damage.")
    ] = False,
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Check that configuration, templates and database are ready."""
    from rich.table import Column

    configuration = ready(migrate=False, allow_local_links=allow_local_links)
    from newsletter.domain.check import Verdict
    from newsletter.scheduling.checks import run as run_checks

    checks = run_checks(configuration, dns=dns, connect=connect, integrity=integrity)
    table = new_table(
        (Column(no_wrap=True), Column(overflow="fold"), Column(overflow="fold")),
        ((finding.verdict, finding.about, finding.message) for finding in checks),
        show_header=False,
    )
    emit({"checks": [_document(finding) for finding in checks]}, table, to_copy=_records(checks))
    fail_if_any([f"{finding.about}: {finding.message}" for finding in checks if finding.verdict == Verdict.BAD])


def _records(checks: "list[Check]") -> str:
    """Return the DNS records that help, each under what it is for, to be copied."""
    hosted = " (your hosting company adds this one)"
    parts = [
        f"{finding.about}{hosted if finding.requirement == 'reverse-dns' else ''}\n{finding.record}"
        for finding in checks
        if finding.record
    ]
    introduction = (
        "Add these records where the domain's DNS is managed, in the place of the present ones if there are any.\n"
        "In a form, the value of a TXT record is what is between the quotation marks, in one piece."
    )
    return "\n" + "\n\n".join([introduction, *parts]) if parts else ""


def _document(check: "Check") -> dict[str, object]:
    """Return a finding for --json; those of --dns name their requirement, and who has it."""
    document: dict[str, object] = {
        "about": str(check.about),
        "verdict": check.verdict,
        "sentence": str(check.message),
        "code": check.message.code,
        "record": check.record or None,
    }
    if check.requirement:
        document |= {"requirement": check.requirement, "required_by": list(check.required_by)}
    return document


@app.command(epilog="Example: newsletter run --port 8080")
def run(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port to listen on.")] = None,
    no_web: Annotated[bool, typer.Option("--no-web", help="Don't run the web server.")] = False,
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="Don't make or send drafts on schedule.")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="Don't send editions.")] = False,
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Run the schedule, the sender and the web server. Press Ctrl-C to stop."""
    if not no_web and not config_file().exists():
        _set_up(config_file(), host=host, port=port)
        return
    configuration = ready(allow_local_links=allow_local_links, events=True)
    from newsletter.cli.serving import serve

    serve(configuration, host=host, port=port, web=not no_web, schedule=not no_schedule, send=not no_send)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    epilog="Example: newsletter manage dbshell",
)
def manage(context: typer.Context) -> None:
    """Run one of Django's management commands."""
    ready(migrate=False)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["newsletter manage", *context.args])


def _web_of_environment(file: Path) -> Web:
    """Return `web` as the environment sets it, for a container that has no config.toml yet."""
    from newsletter.setup.blog_profile import BlogProfile
    from newsletter.setup.starter import starter_config

    overrides = {name: value for name, value in os.environ.items() if name.startswith("NEWSLETTER__WEB__")}
    profile = BlogProfile(url=EXAMPLE_BLOG, title="newsletter")
    return parse(starter_config(profile, language="en", timezone="UTC"), file, overrides).web


def _set_up(file: Path, *, host: str | None, port: int | None) -> None:
    """Let a person set the site up in the browser, then run this command again with the file that was written.

    The new program listens on the same socket, so that the browser only has to wait.
    """
    from newsletter.web.first_run.server import serve

    make_secret_key(file.parent / ".secret_key")
    web = _web_of_environment(file)
    listener = listening(host or web.host, web.port if port is None else port)

    def tell(path: str) -> None:
        say(f"{file} does not exist yet; set up the site at {listener_address(listener)}{path}")

    if serve(file, listener, tell):
        pass_on(listener)
        os.execv(sys.executable, [sys.executable, "-m", "newsletter", *sys.argv[1:]])  # noqa: S606 - this command again
