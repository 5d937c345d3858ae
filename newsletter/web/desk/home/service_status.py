"""Services that fail, in words for the desk."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from newsletter.supervision import Status
from newsletter.web.desk import formatting

NAMES = {
    "sender": gettext_noop("sending editions"),
    "letters": gettext_noop("sending confirmations and notices"),
    "schedule": gettext_noop("drafts and scheduled sending"),
    "collect": gettext_noop("reading sources"),
    "bounces": gettext_noop("reading bounces"),
    "webhooks": gettext_noop("sending events to webhooks"),
    "housekeeping": gettext_noop("deleting expired data"),
    "clock": gettext_noop("scheduled tasks"),
    "alerts": gettext_noop("notifying editors about failures"),
    "configuration": gettext_noop("reading config.toml"),
    "background": gettext_noop("reading sources and other work that machines share"),
    "presence": gettext_noop("sending a heartbeat to other machines"),
    "progress": gettext_noop("checking for stalled editions"),
    "storage": gettext_noop("storing files"),
    "web": gettext_noop("the web server"),
}


def failing(status: Status) -> str:
    """Return what does not work, why, and what to do."""
    values = {"service": _(NAMES[status.name]), "problem": formatting.message(status.problem)}
    return _("Not working: %(service)s – %(problem)s. We try again automatically.") % values
