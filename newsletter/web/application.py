"""The web application as an ASGI server runs it: checks in front, Django behind them in a few threads."""

from typing import cast

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from newsletter import config
from newsletter.config import Config
from newsletter.web.bodies import WholeBodies
from newsletter.web.burst.kept_pages import KeptPages
from newsletter.web.burst.short_path import ShortPath, page_observer
from newsletter.web.desk.admission import body_limit
from newsletter.web.password_lane import PasswordLane
from newsletter.web.requests import App, CheckedRequests

# Threads, each with a database connection of its own; SQLite writes one at a time, and two cores do no more at once.
WORKERS = 4


def plain_application() -> App:
    """Return Django without the checks, for a site that is not set up yet."""
    return cast(App, WSGIMiddleware(get_wsgi_application(), workers=1))  # type: ignore[arg-type]


def django_in_threads() -> WSGIMiddleware:
    """Return Django in threads of its own."""
    return WSGIMiddleware(get_wsgi_application(), workers=WORKERS)  # type: ignore[arg-type]


def application(configuration: Config, django: WSGIMiddleware) -> App:
    """Django behind the checks that every request passes; `newsletter.start` has set Django up."""
    short = ShortPath(PasswordLane(cast(App, django)))
    pages = KeptPages(short, lambda: config.recent().number, page_observer)
    return CheckedRequests(WholeBodies(pages, body_limit), configuration.web.trusted_proxies)
