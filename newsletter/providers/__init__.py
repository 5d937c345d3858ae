"""Email services with an HTTP API: one module for each, which declares everything that the program knows of it."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from pkgutil import iter_modules

from newsletter.providers.declaration import Provider


def _declared() -> Mapping[str, Provider]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name != "declaration")
    return {name: import_module(f"{__name__}.{name}").PROVIDER for name in names}


PROVIDERS = _declared()
"""Each service by its key in `config.toml`, in alphabetical order."""


def provider_of_server(host: str) -> str:
    """Return the key of the service whose SMTP server this is; "" for any other server."""
    host = host.lower().rstrip(".")
    servers = ((name, server) for name, provider in PROVIDERS.items() for server in provider.servers)
    return next((name for name, server in servers if fnmatchcase(f".{host}", f"*.{server}")), "")


_OF_ALL = (
    "debug_api_requests", "idna_encoder", "ignore_recipient_status", "ignore_unsupported_features", "requests_timeout",
    "send_defaults",
)  # fmt: skip


def table_keys() -> Mapping[str, tuple[str, ...]]:
    """Return the keys that the table of each service may have, and by `service.table` those of a table inside."""
    tables: dict[str, list[str]] = {}
    for service, provider in PROVIDERS.items():
        tables[service] = []
        for key in provider.keys:
            table, _, inner = key.name.rpartition(".")
            tables.setdefault(f"{service}.{table}" if table else service, []).append(inner)
        tables[service] += [*{key.name.partition(".")[0] for key in provider.keys if "." in key.name}, *_OF_ALL]
    return {name: tuple(sorted(keys)) for name, keys in tables.items()}
