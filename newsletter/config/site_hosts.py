"""The names under which the site is reached, as the configuration in force has them."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.config.snapshots import current


class SiteHosts(list[str]):
    """Django's ALLOWED_HOSTS: the elements, and the hosts of the present and the earlier public addresses.

    Django goes through it at each request, so that a changed address is in force without a restart.
    """

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        site = current().site
        for url in (site.url, *site.url_previous):
            yield urlsplit(url).hostname or ""
