"""The sources: how they are doing, reading them now, and trying an address before it goes into the configuration."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from newsletter import config
from newsletter.feeds import Reading, read
from newsletter.jobs.collect import collect
from newsletter.web.desk import words
from newsletter.web.desk.pages import as_sentence, newsletter_of, page, settings
from newsletter.web.desk.queries.sources import Health, health


def sources(request: HttpRequest) -> HttpResponse:
    """Every source of every newsletter, those in trouble first."""
    found = health(settings())
    groups = [
        {"newsletter": newsletter, "rows": [_row(h, newsletter) for h in _worst_first(found, name)]}
        for name, newsletter in settings().newsletters.items()
    ]
    return page(request, "sources", {"groups": groups}, section="sources")


def _worst_first(found: list[Health], name: str) -> list[Health]:
    return sorted((h for h in found if h.newsletter == name), key=lambda h: ("failed", "pending", "ok").index(h.state))


def _row(source: Health, newsletter: config.Newsletter) -> dict[str, object]:
    states = {"failed": _("In trouble"), "pending": _("Not read yet"), "ok": _("Well")}
    return {
        "source": source,
        "state": states[source.state],
        "read": words.ago(source.read_at),
        "tried": words.ago(source.tried_at),
        "retry": words.moment(source.retry_at, newsletter.zone),
        "posts": words.number(source.posts),
    }


@require_POST
def fetch(request: HttpRequest, name: str) -> HttpResponse:
    """Read all sources of a newsletter now."""
    newsletter_of(name)
    brought = collect(settings(), name, now=timezone.now())
    new, failed = sum(c.new for c in brought), [c for c in brought if c.problem]
    said = ngettext("%(count)s new post.", "%(count)s new posts.", new) % {"count": words.number(new)}
    messages.success(request, said)
    for each in failed:
        messages.warning(request, as_sentence(each.problem or ""))
    return redirect("desk:sources")


@require_POST
def attempt(request: HttpRequest) -> HttpResponse:
    """What an address would give, stored nowhere, and the lines to paste into config.toml."""
    address = request.POST.get("url", "").strip()
    if address and "://" not in address:
        address = f"https://{address}"
    reading = _attempted(address) if address else None
    context: dict[str, object] = {"address": address, "reading": reading, "toml": _toml(address)}
    if reading is not None:
        context["posts"] = [
            {
                "post": post,
                "when": words.moment(post.published, post.published.tzinfo)
                if post.published and post.published.tzinfo
                else "",
            }
            for post in reading.posts[:25]
        ]
        context["count"] = len(reading.posts)
    return page(request, "_source_try", context)


def _attempted(address: str) -> Reading:
    found = settings()
    return read(
        config.Source(url=address), found.collect, now=timezone.now(), root=found.folder, site_url=found.site.url
    )


def _toml(address: str) -> str:
    """The table to paste; TOML's basic strings are written as JSON's are."""
    lines = [f"[[newsletters.{next(iter(settings().newsletters))}.sources]]", f"url = {json.dumps(address)}"]
    return "\n".join(lines)
