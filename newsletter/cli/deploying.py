"""`newsletter deploy`: files that run this site on a server."""

from enum import StrEnum
from typing import Annotated

import typer

from newsletter.cli.common import WRONG, configuration, emit, fail, say
from newsletter.deployment import (
    Installation,
    caddy_site,
    compose_file,
    found,
    nginx_site,
    unit,
    worker_compose_file,
    worker_unit,
)


class Target(StrEnum):
    """A program for which `deploy` writes a file."""

    SYSTEMD = "systemd"
    COMPOSE = "compose"
    CADDY = "caddy"
    NGINX = "nginx"


WRITERS = {
    Target.SYSTEMD: unit,
    Target.COMPOSE: compose_file,
    Target.CADDY: caddy_site,
    Target.NGINX: nginx_site,
}
WORKER_WRITERS = {
    Target.SYSTEMD: worker_unit,
    Target.COMPOSE: worker_compose_file,
}
"""What to write for `newsletter worker`, which answers no visitors and so needs no proxy."""
PROXIES = (Target.CADDY, Target.NGINX)

app = typer.Typer()


@app.command(epilog="Example: newsletter deploy systemd | sudo tee /etc/systemd/system/newsletter.service")
def deploy(
    target: Annotated[
        Target, typer.Argument(metavar="systemd|compose|caddy|nginx", help="What to print a configuration for.")
    ],
    worker: Annotated[
        bool, typer.Option("--worker", help="For another machine that only sends, with the same PostgreSQL database.")
    ] = False,
) -> None:
    """Print a configuration for systemd, Compose, Caddy or nginx. It has the paths of this site."""
    loaded = configuration()
    site = found(loaded)
    if worker:
        _check_worker(target, site)
    elif target in PROXIES and not loaded.site.url.startswith("https://"):
        fail(f"site.url is {loaded.site.url}; set it to the https address that {target} is to serve")
    elif target in PROXIES and not loaded.web.trusted_proxies:
        say('Set web.trusted_proxies = ["127.0.0.1"], so that limits count the clients and not the proxy.')
    text = (WORKER_WRITERS if worker else WRITERS)[target](site)
    emit({"target": target.value, "file": text}, text.rstrip("\n"))


def _check_worker(target: Target, site: Installation) -> None:
    if target not in WORKER_WRITERS:
        fail(f"a worker answers no visitors, so it needs no {target}; leave out --worker", WRONG)
    if not site.postgresql:
        fail("site.database: 'newsletter worker' needs PostgreSQL; on a single machine use 'newsletter run'")
    say("That machine needs this config.toml, the same secret key, and the folder images of the other machines.")
