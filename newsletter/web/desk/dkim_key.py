"""Making a DKIM key at the desk: its file beside config.toml, the setting that signs with it, and a check of DNS, which
shows the record to add.
"""

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.config.document import KeyPath, SetValue, value_at
from newsletter.config.durable_files import create
from newsletter.mime.headers import ascii_domain
from newsletter.web.desk import deliverability
from newsletter.web.desk.settings.editing import read_only_reason, save_or_tell, tree_of
from newsletter.web.desk.settings.forms import RequestedChanges
from subscribers.requests import config_of

KEYS: KeyPath = ("delivery", "dkim")


@require_POST
def new_key(request: HttpRequest) -> HttpResponse:
    """Make a key for the domain of a sender, sign with it, and check DNS."""
    configuration, domain = config_of(request), request.POST.get("domain", "")
    if domain not in {ascii_domain(each.sender.domain).lower() for each in configuration.newsletters.values()}:
        raise Http404(domain)
    if reason := read_only_reason(configuration):
        messages.error(request, reason)
        return redirect("desk:deliverability")
    try:
        selector, file = _create(configuration, domain)
    except OSError as e:
        sentence = _("%(file)s can’t be written: %(why)s") % {"file": e.filename, "why": e.strerror}
        messages.error(request, sentence)
        return redirect("desk:deliverability")
    if not save_or_tell(request, _with_key(configuration.file, domain, selector, file.name)):
        file.unlink()
        return redirect("desk:deliverability")
    messages.success(
        request,
        _("Emails are now signed with a key for %(domain)s, which is in %(file)s. Add the record that is shown below.")
        % {"domain": domain, "file": file.name},
    )
    return deliverability.check(request)


def _create(configuration: Config, domain: str) -> tuple[str, Path]:
    """Write a new key into a file that only its owner can read, and return the key's selector and the file.

    Raises OSError.
    """
    from newsletter.delivery.dkim_keys import new_key as generate  # loads cryptography

    used = {key.selector for key in configuration.delivery.dkim if key.domain == domain}
    number = 0
    while True:
        number += 1
        selector = f"s{number}"
        file = configuration.folder / f"dkim-{domain}-{selector}.pem"
        if selector not in used and not file.exists():
            create(file, generate(domain, selector).pem)
            return selector, file


def _with_key(config_file: Path, domain: str, selector: str, file_name: str) -> RequestedChanges:
    """Return the change that adds a key to those that sign."""
    present: Any = value_at(tree_of(config_file), KEYS)
    key = {"domain": domain, "selector": selector, "key": {"file": file_name}}
    others = present if isinstance(present, list) else [present] if present else []
    return RequestedChanges((SetValue(KEYS, [*others, key] if others else key),), {KEYS: present})
