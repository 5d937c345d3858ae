"""`newsletter dkim new`: create a DKIM key and its DNS record."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli.common import WRONG, config_file, emit, fail
from newsletter.config.durable_files import create

DNS_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*", re.IGNORECASE)

app = typer.Typer(name="dkim", help="Manage the keys that sign emails (DKIM, RFC 6376).", no_args_is_help=True)


@app.callback(epilog="Example: newsletter dkim new example.org --selector s1")
def dkim() -> None:
    """Manage the keys that sign emails (DKIM, RFC 6376)."""


@app.command(epilog="Example: newsletter dkim new example.org --selector s1 --out dkim.pem")
def new(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain that emails are sent from.")],
    selector: Annotated[str, typer.Option(help="The key's name in DNS.")] = "s1",
    kind: Annotated[
        Literal["rsa", "ed25519"], typer.Option(help="The type of key; rsa is supported everywhere.")
    ] = "rsa",
    out: Annotated[Path, typer.Option(help="Where to write the private key (mode 600).")] = Path("dkim.pem"),
) -> None:
    """Create a key, and print its DNS record and the line for config.toml."""
    from newsletter.delivery.dkim_keys import new_key  # cryptography, which no other command needs at its start

    for option, name in (("DOMAIN", domain), ("--selector", selector)):
        if not DNS_NAME.fullmatch(name):
            fail(f"{option} {name!r} is not a name in DNS; use one such as example.org or s1", WRONG)
    new_pair, path = new_key(domain, selector, kind), out.parent.resolve() / out.name
    try:
        create(path, new_pair.pem)
    except FileExistsError:
        fail(f"{path} already exists and was not changed; choose another --out")
    file_name = json.dumps(_from_config(path), ensure_ascii=False)  # the same in TOML
    config = f'dkim = {{ domain = "{domain}", selector = "{selector}", key = {{ file = {file_name} }} }}'
    lines = (
        f"wrote {path}; add this to the DNS of {domain}:",
        new_pair.zone_line,
        "and this to [delivery] in config.toml:",
        config,
    )
    document = {"key": str(path), "name": new_pair.name, "record": new_pair.record, "config": config}
    emit(document, to_copy="\n\n".join(lines))


def _from_config(path: Path) -> str:
    """Return a path as `config.toml` names it: relative in its folder, so that this can be moved."""
    file = config_file().resolve()
    is_inside = file.exists() and path.is_relative_to(file.parent)
    return str(path.relative_to(file.parent) if is_inside else path)
