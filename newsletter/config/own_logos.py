"""Logos that were uploaded to the site, whose addresses follow the public address."""

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from newsletter.config.newsletters import Newsletter
from newsletter.config.schema import Config

STORED = re.compile(r"/images/[0-9a-f]{32}-[0-9]+x[0-9]+\.[a-z]+")
"""The paths of the site's images (`newsletter/images/names.py`)."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def with_own_logos(config: Config, *addresses: str) -> Config:
    """Return a configuration in which logos that were uploaded under another address of the site have the present one.

    Other addresses are the earlier ones, the given ones, and those of this machine, which set-up proposes.
    """
    hosts = {urlsplit(url).netloc for url in (config.site.url, *config.site.url_previous, *addresses)}
    newsletters = {
        name: _with_own(newsletter, config.site.url, hosts) for name, newsletter in config.newsletters.items()
    }
    return replace(config, newsletters=newsletters)


def _with_own(newsletter: Newsletter, url: str, hosts: Iterable[str]) -> Newsletter:
    theme = newsletter.theme
    logo, logo_dark = _present(theme.logo, url, hosts), _present(theme.logo_dark, url, hosts)
    if (logo, logo_dark) == (theme.logo, theme.logo_dark):
        return newsletter
    return replace(newsletter, theme=replace(theme, logo=logo, logo_dark=logo_dark))


def _present(logo: str, url: str, hosts: Iterable[str]) -> str:
    parts = urlsplit(logo)
    is_own = parts.netloc in hosts or parts.hostname in LOOPBACK
    return url + parts.path if is_own and STORED.fullmatch(parts.path) else logo
