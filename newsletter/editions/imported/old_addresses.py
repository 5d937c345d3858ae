"""The old addresses of imported editions: where each leads now, and the table for a server in front."""

from collections.abc import Iterator
from typing import Literal

from newsletter.feeds.archives.export_values import path_of
from newsletter.models import Edition, OldAddress

ProxyFormat = Literal["caddy", "nginx", "csv"]


def edition_at(path: str) -> Edition | None:
    """Return the edition that was at a path, with its query if it has one, on the site that its tool served."""
    paths = [path_of(path), path_of(path.partition("?")[0])]
    rows = OldAddress.objects.filter(path__in=[old_path for old_path in paths if old_path]).select_related("edition")
    editions = {row.path: row.edition for row in rows}
    return next((editions[old_path] for old_path in paths if old_path in editions), None)


def table(newsletter: str, site: str) -> Iterator[tuple[str, str]]:
    """Yield each old path with the new address, by path."""
    rows = OldAddress.objects.filter(edition__newsletter=newsletter).select_related("edition").order_by("path")
    return ((row.path, f"{site}/n/{row.edition.name}/") for row in rows.iterator(chunk_size=1_000))


def proxy_lines(newsletter: str, site: str, form: ProxyFormat) -> Iterator[str]:
    """Yield the lines of the table for a server that answers the old domain.

    For Caddy they are `redir` directives of a site, for nginx the entries of a `map $request_uri`.
    """
    if form == "csv":
        yield "old path,new address"
    for path, address in table(newsletter, site):
        if form == "csv":
            yield f"{_quoted(path)},{address}"
        elif form == "nginx":
            yield from (
                f"{_in_nginx(old_path)} {address};" for old_path in ([path] if "?" in path else [path, f"{path}/"])
            )
        else:
            yield from (f"redir {old_path} {address} permanent" for old_path in (path, f"{path}/") if "?" not in path)


def _in_nginx(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set('",\n') else cell
