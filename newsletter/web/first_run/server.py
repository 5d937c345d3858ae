"""Serves the set-up until it is finished."""

import hmac
import os
import socket
from collections.abc import Callable
from pathlib import Path

import django
import uvicorn
from django.conf import settings

from newsletter import config
from newsletter.setup.blog_profile import BlogProfile
from newsletter.setup.starter import starter_config
from newsletter.web.first_run.progress import SetUp, begin
from newsletter.web.requests import App, AsgiMessage

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "newsletter.web.static_files.VersionedFiles",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsletter.web.middleware.ContentSecurityPolicy",
    "newsletter.web.middleware.DeskLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
"""No sessions and no CSRF tokens: the secret in the address is what lets anybody in."""


def serve(file: Path, listener: socket.socket, tell: Callable[[str], None]) -> bool:
    """Serve the set-up of a site whose config.toml will be `file`; return whether it was finished.

    `tell` is called with the path of the first page, which holds the token. The secret key must exist.
    """
    setup = begin(file)
    _set_up_django(setup)
    server = _Server(uvicorn.Config(limited(setup), log_level="warning", access_log=False, server_header=False))
    server.setup_state = setup
    tell(f"/setup/{setup.token}/")
    server.run(sockets=[listener.dup()])
    return setup.finished.is_set()


def limited(setup: SetUp) -> App:
    """Return Django behind the limits of bodies: whoever has the link may send a logo."""
    from newsletter.web.application import DjangoInThreads
    from newsletter.web.bodies import SETUP, WholeBodies
    from newsletter.web.desk.body_limits import LARGEST_UPLOADS

    def largest(scope: AsgiMessage) -> int:
        token = scope["path"].removeprefix(SETUP).partition("/")[0]
        return LARGEST_UPLOADS["logo-upload"] if hmac.compare_digest(token.encode(), setup.token.encode()) else 0

    return WholeBodies(DjangoInThreads(workers=1), largest)


class _Server(uvicorn.Server):
    """Ends when the set-up is finished, once the last answer was sent."""

    setup_state: SetUp

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn does; called about ten times a second."""
        return await super().on_tick(counter) or self.setup_state.finished.is_set()


def _set_up_django(setup: SetUp) -> None:
    """Use the program's own settings with a configuration that is never used for anything else."""
    placeholder = BlogProfile(url="https://blog.example/", title="newsletter")
    config.use(config.parse(starter_config(placeholder, language="en", timezone="UTC"), setup.file, {}))
    os.environ["DJANGO_SETTINGS_MODULE"] = "newsletter.settings"
    settings.ROOT_URLCONF = "newsletter.web.first_run.views"
    settings.MIDDLEWARE = MIDDLEWARE
    settings.ALLOWED_HOSTS = ["*"]
    django.setup()
