"""Find an edition by its name."""

from newsletter.config import Config
from newsletter.editions.problems import Impossible
from newsletter.messages import editions as messages
from newsletter.models import Edition


class NoSuchEdition(Impossible):
    """No edition has that name."""


def find(configuration: Config, name: str) -> Edition:
    """Return the edition `newsletter/period`; raises NoSuchEdition, also if its newsletter is not configured."""
    newsletter, _, period = name.partition("/")
    newsletters = configuration.newsletters
    if newsletter not in newsletters:
        raise NoSuchEdition(messages.NO_NEWSLETTER(name=newsletter, known=tuple(sorted(newsletters))))
    edition = Edition.objects.filter(newsletter=newsletter, period=period).first()
    if edition is None:
        raise NoSuchEdition(messages.NO_EDITION(name=name))
    return edition
