"""Files that run a site on a server, filled in from its configuration: systemd, compose, Caddy and nginx.

They are printed for an operator to read, change and install; nothing here writes outside of what it is told.
"""

from newsletter.deployment.compose import compose_file, worker_compose_file
from newsletter.deployment.installation import Installation, found
from newsletter.deployment.proxies import caddy_site, nginx_site
from newsletter.deployment.systemd import unit, worker_unit

__all__ = [
    "Installation",
    "caddy_site",
    "compose_file",
    "found",
    "nginx_site",
    "unit",
    "worker_compose_file",
    "worker_unit",
]
