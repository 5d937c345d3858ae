"""Who decides whether a provider tracks opens and clicks: the program, or the provider's account."""

from collections.abc import Iterator

from newsletter import config
from newsletter.messages import failures as messages
from newsletter.providers import PROVIDERS
from newsletter.scheduling.check import Check, Verdict
from newsletter.sending.provider_apis.tracking import account_setting, relay_of


def tracking_check(delivery: config.DeliverySettings, provider: str) -> Iterator[Check]:
    """Tell who decides whether a provider tracks opens and clicks; nothing for a mail server that is no provider's."""
    name = relay_of(delivery.smtp.host) if provider == "smtp" else provider
    if name not in PROVIDERS:
        return
    about = messages.ABOUT_TRACKING(name=name)
    if setting := account_setting(provider, delivery.smtp.host):
        yield Check(about, Verdict.NOTE, messages.TRACKED_BY_ACCOUNT(setting=setting))
    else:
        yield Check(about, Verdict.GOOD, messages.NOT_TRACKED())
