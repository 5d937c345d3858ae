"""Tokens of the API: listed, created and revoked; for admins. A token's text is shown once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.api import tokens
from newsletter.models import ApiToken
from newsletter.web.desk import formatting, users
from newsletter.web.desk.api_access.forms import SCOPES, TokenForm
from newsletter.web.desk.pages import as_sentence, default_zone, editor, newsletter_title, page, sentences
from subscribers.requests import config_of


def listed(request: HttpRequest) -> HttpResponse:
    """Show all tokens, and a form for one more; a new one is shown here and nowhere else."""
    newsletters = config_of(request).newsletters.values()
    form = TokenForm(newsletters, request.POST if request.method == "POST" else None)
    created: tokens.CreatedToken | None = None
    if form.is_valid():
        entered, by, now = form.cleaned_data, editor(request), timezone.now()
        try:
            created = tokens.create(
                config_of(request), entered["name"], entered["scopes"], entered["newsletters"], by=by, now=now
            )
        except tokens.TokenProblem as problem:
            form.add_error("name", as_sentence(problem))
        else:
            form = TokenForm(newsletters)
    context = {"form": form, "rows": _rows(request), "made": created}
    return page(request, "tokens", context, section="settings", status=422 if form.errors else 200)


def _rows(request: HttpRequest) -> list[dict[str, object]]:
    rows, zone = tokens.listed(), default_zone(request)
    names = users.names(row.created_by for row in rows)
    return [
        {
            "token": row,
            "allows": [SCOPES.get(scope, scope) for scope in row.scopes],
            "newsletters": [newsletter_title(request, name) for name in row.newsletters],
            "created": formatting.day(row.created_at, zone),
            "by": names[row.created_by],
            "used": formatting.moment(row.last_used_at, zone) if row.last_used_at else "",
            "revoked": formatting.day(row.revoked_at, zone) if row.revoked_at else "",
        }
        for row in rows
    ]


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token; programs that use it are refused from now on."""
    key = ApiToken.objects.filter(pk=pk).values_list("key", flat=True).first()
    with sentences(request):
        row = tokens.revoke(key or str(pk), by=editor(request), now=timezone.now())
        messages.success(request, _("The token “%(name)s” has been revoked.") % {"name": row.name})
    return redirect("desk:tokens")
