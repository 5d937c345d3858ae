"""Scaleway, for which Anymail has no webhooks."""

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import REGION, SECRET, Calls, Dns, Key, Login, Provider, Tracking

PROVIDER = Provider(
    name="Scaleway",
    keys=(
        Key("secret_key", SECRET, required=True),
        Key("project_id", gettext_noop("{service}: project ID"), required=True),
        Key("region", REGION, gettext_noop("Such as fr-par.")),
        Key("api_url"),
    ),
    calls=Calls(),
    merge_tags=(),
    login=Login(path="emails?page_size=1", headers={"X-Auth-Token": "{secret_key}"}),
    webhook=None,
    # "Add SPF and DKIM to your domain": the domain's own SPF record; the selector is the project.
    dns=Dns(include="_spf.tem.scaleway.com"),
    tracking=Tracking(),  # it tracks nothing
    servers=("scw.cloud",),
)
