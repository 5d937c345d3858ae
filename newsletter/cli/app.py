"""The command line: puts the commands of this folder together."""

import typer

from newsletter.cli import bounces, collecting, dkim, drafting, editing, sending, starting, subscribers, users

app = typer.Typer(
    name="newsletter",
    help="Collects a blog's posts, makes them a mail grouped by day, and sends it once to each subscriber.",
    epilog="Anywhere in the line: --config FILE, --json, --quiet, --debug. Example: newsletter draft kinaforum",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (starting, collecting, drafting, editing, sending, subscribers, users, bounces, dkim):
    module.register(app)
