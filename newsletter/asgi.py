"""The ASGI application, for `newsletter run` and for any other ASGI server."""

from django.core.asgi import get_asgi_application

from newsletter import config
from newsletter.start import start

start(config.current())
application = get_asgi_application()
