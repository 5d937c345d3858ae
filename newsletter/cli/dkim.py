"""`newsletter dkim new`: a key to sign mails with, and the DNS record that goes with it."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli.common import emit, fail
from newsletter.delivery.dkim import new_key

app = typer.Typer(help="Keys that sign mails (RFC 6376).", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Put these commands under `newsletter dkim`."""
    parent.add_typer(app, name="dkim")


@app.callback(epilog="Example: newsletter dkim new example.org --selector s1")
def dkim() -> None:
    """Keys that sign mails (RFC 6376)."""


@app.command(epilog="Example: newsletter dkim new example.org --selector s1 --out dkim.pem")
def new(
    domain: Annotated[str, typer.Argument(help="the domain that mails come from")],
    selector: Annotated[str, typer.Option(help="the key's name in DNS")] = "s1",
    kind: Annotated[Literal["rsa", "ed25519"], typer.Option(help="rsa is understood everywhere")] = "rsa",
    out: Annotated[Path, typer.Option(help="where the private key is written, mode 600")] = Path("dkim.pem"),
) -> None:
    """Make a key, and print its DNS record and what to write into config.toml."""
    made = new_key(domain, selector, kind)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{out} is there already and is left as it is; give another --out")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made.pem)
    config = f'dkim = {{ domain = "{domain}", selector = "{selector}", key = {{ file = "{out}" }} }}'
    told = (f"wrote {out}; add to the DNS of {domain}:", made.zone_line, "and this below [delivery]:", config)
    emit({"key": str(out), "name": made.name, "record": made.record, "config": config}, "\n\n".join(told))
