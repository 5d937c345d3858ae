"""The systemd unit of a site (systemd.service(5), systemd.exec(5)), with as few rights as the program needs.

It may write to the site's folder only.
"""

from pathlib import Path

from newsletter.deployment.installation import Installation

ENVIRONMENT = Path("/etc/newsletter/environment")
PRIVILEGED_PORTS = 1024
HOMES = ("/home", "/root", "/run/user")

_UNIT = """\
# /etc/systemd/system/{name}.service
# Install: systemctl daemon-reload && systemctl enable --now {name}
[Unit]
Description={description} of {host}
After=network-online.target
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={working}
ExecStart={program} --config {config} {command}
{secrets}Restart=always
RestartSec=2
# Messages in flight are waited for.
TimeoutStopSec=90
KillMode=mixed
UMask=0077
LimitNOFILE=65536

# It writes to its folder only.
ProtectSystem=strict
ReadWritePaths={folder}
{home}
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes

# It needs no privileges.
{capabilities}
NoNewPrivileges=yes
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


def unit(site: Installation) -> str:
    """Return the unit file of `newsletter run`."""
    return _unit(site, "newsletter", "Newsletter", "run")


def worker_unit(site: Installation) -> str:
    """Return the unit file of `newsletter worker`, for each other machine."""
    return _unit(site, "newsletter-worker", "Newsletter worker", "worker")


def _unit(site: Installation, name: str, description: str, command: str) -> str:
    places = (site.config, site.program, *site.places)
    in_a_home = any(str(path).startswith(f"{home}/") for path in places for home in HOMES)
    return _UNIT.format(
        name=name,
        description=description,
        command=command,
        host=site.host,
        user=site.user,
        working=_escaped(site.folder),
        folder=_quoted(site.folder),
        program=site.program,
        config=_quoted(site.config),
        secrets=_secrets(site),
        home="# The site, the program or its Python is in a home directory." if in_a_home else "ProtectHome=yes",
        capabilities=_capabilities(site),
    )


def _secrets(site: Installation) -> str:
    if not site.variables:
        return ""
    names = ", ".join(site.variables)
    return f"# {ENVIRONMENT} sets {names}, a line NAME=value for each.\nEnvironmentFile={ENVIRONMENT}\n"


def _capabilities(site: Installation) -> str:
    if site.port >= PRIVILEGED_PORTS:
        return "CapabilityBoundingSet="
    return "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE"


def _escaped(path: Path) -> str:
    """Return a path with `%` doubled, which begins a specifier."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """Return an escaped path in a list, where spaces separate: quoted if it has any."""
    text = _escaped(path)
    return f'"{text}"' if " " in text else text
