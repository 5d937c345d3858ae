"""The ASGI application, for any ASGI server other than `newsletter run`."""

import os

from newsletter import config
from newsletter.start import start
from newsletter.web.requests import App


def _application() -> App:
    os.umask(0o077)  # as commands do
    start(config.current(), events=True)
    from newsletter.web.application import application as made  # its models need Django set up

    return made(config.current())


application = _application()
