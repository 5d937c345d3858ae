"""Whether settings can be changed at the desk at present."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Config, ConfigError, load
from newsletter.config.file import why_unwritable
from newsletter.models import Machine
from newsletter.web.desk.formatting import message

_ALIVE = timedelta(minutes=5)


def read_only_reason(config: Config) -> str:
    """Return why settings can't be changed here, or "" if they can."""
    if config.web.settings == "read-only":
        return _("Settings can only be read here. Change config.toml where you keep it.")
    try:
        load(config.file)
    except ConfigError as e:
        why = message(e.problems[0].message)
        return _("config.toml has an error; correct it first: %(problem)s") % {"problem": why}
    if reason := why_unwritable(config.file):
        return _("Settings can’t be saved here: %(reason)s.") % {"reason": message(reason)}
    if Machine.objects.filter(seen_at__gte=timezone.now() - _ALIVE).count() > 1:
        return _("Several machines send from this database, each with its own config.toml. Change all of them by hand.")
    return ""
