"""Who decides whether a provider tracks opens and clicks: the program, or the provider's account."""

from collections.abc import Iterator

from newsletter.config import DeliverySettings
from newsletter.domain.check import Check, Verdict
from newsletter.messages import failures as messages
from newsletter.providers import PROVIDERS, provider_of_server


def tracking_check(delivery: DeliverySettings, provider: str) -> Iterator[Check]:
    """Tell who decides whether a provider tracks opens and clicks; nothing for a mail server that is no provider's.

    Where neither calls nor header fields can switch tracking off, the account decides.
    """
    name = provider_of_server(delivery.smtp.host) if provider == "smtp" else provider
    if name not in PROVIDERS:
        return
    about = messages.ABOUT_TRACKING(name=name)
    tracking = PROVIDERS[name].tracking
    if setting := tracking.smtp_account if provider == "smtp" else tracking.call_account:
        yield Check(about, Verdict.NOTE, messages.TRACKED_BY_ACCOUNT(setting=setting))
    else:
        yield Check(about, Verdict.GOOD, messages.NOT_TRACKED())
