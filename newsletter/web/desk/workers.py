"""The page of machines, for admins, and services that fail, in words."""

from pathlib import PurePath

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_noop, ngettext
from django.views.decorators.http import require_POST

from newsletter import background
from newsletter.scheduling.failed_tasks import about
from newsletter.sending.machines import presence
from newsletter.supervision import Status
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import page, zone_of
from subscribers.requests import config_of

SERVICES = {
    "sender": gettext_noop("sending editions"),
    "letters": gettext_noop("sending confirmations and other emails to single subscribers"),
    "schedule": gettext_noop("drafts and scheduled sending"),
    "collect": gettext_noop("reading sources"),
    "bounces": gettext_noop("reading bounces"),
    "later": gettext_noop("sending notices to editors, and events to webhooks"),
    "housekeeping": gettext_noop("deleting expired data"),
    "clock": gettext_noop("scheduled tasks"),
    "alerts": gettext_noop("notifying editors about failures"),
    "configuration": gettext_noop("reading config.toml"),
    "background": gettext_noop("reading sources and other work that machines share"),
    "presence": gettext_noop("sending a heartbeat to other machines"),
    "progress": gettext_noop("checking for stalled editions"),
    "storage": gettext_noop("storing files"),
    "unsubscriptions": gettext_noop("recording unsubscriptions"),
    "web": gettext_noop("the web server"),
}


def workers(request: HttpRequest) -> HttpResponse:
    """Show every program that works with this database, with its version and what it does."""
    zone = zone_of(request)
    running = presence.workers(config_of(request).delivery)
    versions = {worker.version for worker in running if worker.alive}
    rows = [
        {
            "worker": worker,
            "folder": PurePath(worker.folder).name,
            "failing": [
                _(SERVICES.get(name, name))
                for name, state in worker.services.items()
                if state in ("failing", "restarting")
            ],
            "seen": formatting.moment(worker.seen_at, zone),
        }
        for worker in running
    ]
    aside = [
        {"task": task.task, "about": about(task.arguments), "at": formatting.moment(task.at, zone)}
        for task in background.set_aside()
    ]
    return page(
        request, "workers", {"rows": rows, "versions_differ": len(versions) > 1, "set_aside": aside}, section="settings"
    )


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Let the tasks that were set aside run once more."""
    count = background.retry_set_aside()
    sentence = ngettext("%(count)s task is being retried.", "%(count)s tasks are being retried.", count)
    messages.success(request, sentence % {"count": formatting.number(count)})
    return redirect("desk:workers")


def failing_service(status: Status) -> str:
    """Return what does not work, why, and what to do."""
    values = {"service": _(SERVICES[status.name]), "problem": formatting.message(status.problem)}
    return _("Not working: %(service)s – %(problem)s. We try again automatically.") % values
