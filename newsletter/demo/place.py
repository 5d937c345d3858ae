"""The demo's folder, with its own configuration and ports.

None of this machine's own newsletters are read or written, whatever the environment contains.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from newsletter import config
from newsletter.config import Config
from newsletter.demo.serving import HOST, DemoProblem

NAME = "ostbrevet"
SUBSCRIBERS = 25

_TEXT = """\
# The demo's configuration; docs/configuration.md explains every key. Change one, and run the demo in this folder again.

[site]
url = "http://{host}:{desk}"

[web]
host = "{host}"
port = {desk}

[newsletters.{name}]
title = "Østbrevet"
description = "Small news from East Asia, once a week"
language = "nb"
timezone = "Europe/Oslo"
from = "Østbrevet <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["redaksjon@example.org"]
period = "week"
draft = "fri 15:00"
send = "fri 18:00"
subject = "{{{{ news }}}}"
body = "full"
theme = {{ accent = "#1d4f73" }}

[[newsletters.{name}.sources]]
url = "http://{host}:{blog}/"
language = "en"

[collect]
allow_private_addresses = true             # the sample blog is on this machine

[delivery]
provider = "smtp"
smtp = {{ host = "{host}", port = {mailbox} }}
"""


@dataclass(frozen=True, slots=True)
class DemoSite:
    """The demo's folder, its configuration and its ports."""

    folder: Path
    configuration: Config
    kept: bool

    @property
    def newsletter(self) -> config.Newsletter:
        """The demo's newsletter."""
        return self.configuration.newsletters[NAME]

    @property
    def blog_port(self) -> int:
        """The port of the sample blog."""
        return urlsplit(self.newsletter.sources[0].url).port or 0

    @property
    def mailbox_port(self) -> int:
        """The port on which the mailbox receives messages."""
        return self.configuration.delivery.smtp.port


@contextmanager
def place(folder: Path | None) -> Iterator[DemoSite]:
    """Yield the folder with its configuration, created or used again; a temporary one if None, which is removed
    afterwards.

    Raises DemoProblem if the folder contains something else, ConfigError if its configuration was changed and is
    invalid.
    """
    _forget_the_environment()
    if folder is not None:
        yield _site_in(folder.absolute(), is_kept=True)
        return
    with tempfile.TemporaryDirectory(prefix="newsletter-demo-") as temporary:
        yield _site_in(Path(temporary), is_kept=False)


def _site_in(folder: Path, *, is_kept: bool) -> DemoSite:
    file = folder / "config.toml"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        desk, blog, mailbox = _free_ports(3)
        text = _TEXT.format(host=HOST, name=NAME, desk=desk, blog=blog, mailbox=mailbox)
        file.write_text(text, encoding="utf-8")
    loaded = config.load(file, environ={})
    if NAME not in loaded.newsletters:
        raise DemoProblem(f"{file} is not the demo's; give --dir a folder that is empty or does not exist")
    return DemoSite(folder, loaded, is_kept)


def _forget_the_environment() -> None:
    """Remove settings for the machine's own newsletters, which the demo and its processes must not use."""
    for name in [n for n in os.environ if n.startswith(("NEWSLETTER_", "DJANGO_SETTINGS_MODULE"))]:
        del os.environ[name]


def _free_ports(count: int) -> list[int]:
    """Return different ports that are not in use."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in sockets:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in sockets]
    finally:
        for probe in sockets:
            probe.close()
