"""Declaring the site's own fields at the desk: the list with a form for a new one, one to change, and removing one."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from newsletter.config import ConfigProblem
from newsletter.config.document import KeyPath, RemoveValue, SetValue
from newsletter.config.own_fields import FIELD_KEY
from newsletter.models import LOCKED_STATES, Edition, Segment, State
from newsletter.web.desk import formatting
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import page
from newsletter.web.desk.settings.editing import edit_settings, only_shown, read_only_reason, save_into, save_or_tell
from newsletter.web.desk.settings.forms import RequestedChanges
from newsletter.web.desk.settings.own_field_page import KINDS, OWN_FIELD
from subscribers.models import WhereProblem, fields_in, parse_where
from subscribers.personal_fields import own_fields
from subscribers.requests import config_of


class NewFieldForm(DeskForm):
    """The label and the key of a new field; a blank key is made from the label."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=60,
        help_text=gettext_lazy("What subscribers and editors see, such as Town."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    key = forms.CharField(
        label=gettext_lazy("Key"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "The name in texts, such as {town|your town}, files and filters: a–z, digits and hyphens. It can’t be "
            "changed later. If blank, it is made from the label."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_key(self) -> str:
        """Refuse a key that another field has, and a label that no key can be made from."""
        key: str = self.cleaned_data["key"].strip() or slugify(self.cleaned_data.get("label", ""))[:40].strip("-")
        if key in own_fields():
            raise forms.ValidationError(_("There is already a field with this key."))
        if self.cleaned_data.get("label") and not self.cleaned_data["key"].strip() and not FIELD_KEY.fullmatch(key):
            raise forms.ValidationError(_("Enter a key, because none can be made from this label."))
        return key


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Show all fields that are declared and who changes their values; a POST adds one."""
    form = NewFieldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        label, key = form.cleaned_data["label"], form.cleaned_data["key"]
        change = SetValue(("fields", key, "label"), label)
        seen: dict[KeyPath, Any] = {("fields", key): None}
        if reason := read_only_reason(config_of(request)):
            return only_shown(request, reason, (change,), "subscribers")
        if save_into(request, form, RequestedChanges((change,), seen), lambda problem: _show_problem(form, problem)):
            messages.success(request, _("Field added. Choose its kind and who changes it."))
            return redirect("desk:subscribers-field", key)
    kinds = dict(KINDS)
    rows = [
        {
            "key": key,
            "label": field.label,
            "kind": kinds[field.kind],
            "choices": ", ".join(field.choices) if field.kind == "choice" else "",
            "purpose": field.purpose,
            "on_forms": "subscriber" in field.changed_by,
            "by_editors": "editor" in field.changed_by,
        }
        for key, field in own_fields().items()
    ]
    context = {"rows": rows, "form": form}
    return page(request, "fields", context, section="subscribers", status=422 if form.errors else 200)


def _show_problem(form: NewFieldForm, problem: ConfigProblem) -> None:
    """Show what the configuration says of the new field: of its label, or else of its key."""
    form.add_error("label" if problem.key.endswith(".label") else "key", formatting.message(problem.problem))


def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Show one field, and save what was changed."""
    if key not in own_fields():
        raise Http404(key)
    title, remove = str(own_fields()[key].label), reverse("desk:subscribers-field-remove", args=(key,))
    return edit_settings(request, OWN_FIELD, ("fields", key), title, {"remove_field": remove})


@require_POST
def remove(request: HttpRequest, key: str) -> HttpResponse:
    """Remove a field that no filter names; its values are kept in personal data."""
    if key not in own_fields():
        raise Http404(key)
    path: KeyPath = ("fields", key) if len(own_fields()) > 1 else ("fields",)
    if reason := read_only_reason(config_of(request)):
        return only_shown(request, reason, (RemoveValue(path),), "subscribers")
    if users := list(_filters_with(request, key)):
        sentence = _("Not removed, because conditions name this field: %(names)s. Change them first.")
        messages.error(request, sentence % {"names": ", ".join(users)})
        return redirect("desk:subscribers-field", key)
    if save_or_tell(request, RequestedChanges((RemoveValue(path),), {})):
        messages.success(request, _("Field removed. Its values are kept in personal data."))
    return redirect("desk:subscribers-fields")


def _filters_with(request: HttpRequest, key: str) -> Iterator[str]:
    """Yield the names of the newsletters, segments and editions that aren't sent yet whose conditions name a field."""
    for newsletter in config_of(request).newsletters.values():
        if _names(newsletter.where, key):
            yield newsletter.title
    for segment in Segment.objects.order_by("name"):
        if _names(segment.where, key):
            yield segment.name
    unsent = Edition.objects.filter(state__in={*LOCKED_STATES, State.DRAFT} - {State.SENT}).exclude(segment_where="")
    for edition in unsent.order_by("pk"):
        if _names(edition.segment_where, key):
            yield edition.segment or edition.name


def _names(where: Any, key: str) -> bool:
    try:
        return key in fields_in(parse_where(where))
    except WhereProblem:
        return False
