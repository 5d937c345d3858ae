"""A compose file (https://compose-spec.io) for a site on SQLite, or for one on PostgreSQL with its server.

The image is built from the project's Dockerfile. The site's folder is mounted as `/site`.
"""

import re

from newsletter import __version__
from newsletter.deployment.installation import Installation

PORT = 8000
"""The port inside of the container."""

_SERVICE = """\
# compose.yaml; build the image first, in a checkout: docker build -t newsletter:{tag} .
# A reverse proxy on this machine reaches the container through the network's gateway. List that address in config.toml,
# or all visitors share one address, and with it the limits of sign-ups and logins:
#   docker network inspect --format '{{{{(index .IPAM.Config 0).Gateway}}}}' {project}_default
#   [web]
#   trusted_proxies = ["172.18.0.1"]
services:
  newsletter:
    image: newsletter:{tag}
    restart: unless-stopped
    user: "{user}"
    init: true
    read_only: true
    tmpfs: [/tmp]
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    stop_grace_period: 90s
    ports: ["127.0.0.1:{published}:{port}"]
    volumes: ["{folder}:/site"]
    environment:
      NEWSLETTER__WEB__HOST: 0.0.0.0
      NEWSLETTER__WEB__PORT: "{port}"
{environment}{depends}"""
_WORKER = """\
# compose.yaml for one more machine that sends; build the image first, in a checkout: docker build -t newsletter:{tag} .
# config.toml names a database that this machine reaches, and has the same secret_key as on the others.
services:
  worker:
    image: newsletter:{tag}
    command: [worker]
    restart: unless-stopped
    user: "{user}"
    init: true
    read_only: true
    tmpfs: [/tmp]
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    stop_grace_period: 90s
    ports: ["127.0.0.1:{published}:{port}"]
    volumes: ["{folder}:/site"]
    environment:
      NEWSLETTER__WEB__HOST: 0.0.0.0
      NEWSLETTER__WEB__PORT: "{port}"
{environment}"""
_POSTGRESQL = """\
    depends_on:
      postgresql: {condition: service_healthy}
  postgresql:
    image: postgres:17
    restart: unless-stopped
    environment:
      POSTGRES_USER: newsletter
      POSTGRES_DB: newsletter
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in the file .env beside this one}
    volumes: ["postgresql:/var/lib/postgresql/data"]
    healthcheck:
      test: [CMD, pg_isready, -U, newsletter]
      interval: 5s
      retries: 12
volumes:
  postgresql:
"""
_DATABASE = "      NEWSLETTER__SITE__DATABASE: postgresql://newsletter:${POSTGRES_PASSWORD}@postgresql/newsletter\n"


def compose_file(site: Installation) -> str:
    """Return the compose file. The site's user and folder stay as they are; variables are passed on by name."""
    passed = "".join(f"      {name}:\n" for name in site.variables)
    return _SERVICE.format(
        tag=__version__.replace("+", "-"),
        user=_ids(site),
        published=site.port,
        port=PORT,
        folder=site.folder,
        project=re.sub(r"[^a-z0-9_-]", "", site.folder.name.lower()).lstrip("_-") or "newsletter",
        environment=passed + (_DATABASE if site.postgresql else ""),
        depends=_POSTGRESQL if site.postgresql else "",
    )


def worker_compose_file(site: Installation) -> str:
    """Return the compose file of a machine that runs `newsletter worker`."""
    return _WORKER.format(
        tag=__version__.replace("+", "-"),
        user=_ids(site),
        published=site.port,
        port=PORT,
        folder=site.folder,
        environment="".join(f"      {name}:\n" for name in site.variables),
    )


def _ids(site: Installation) -> str:
    status = site.folder.stat()
    return f"{status.st_uid}:{status.st_gid}"
