"""The pages of segments: all of them with their sizes, one to change, and the recipients of an edition.

A segment has a name, a newsletter, and a filter.
"""

from collections.abc import Collection, Mapping
from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.editions import segments
from newsletter.messages import acts
from newsletter.models import WITHOUT_POSTS, Act, Edition, Segment
from newsletter.web.desk import formatting
from newsletter.web.desk.conditions.choices import ConditionChoices, choices_of, configured
from newsletter.web.desk.conditions.condition_field import ConditionsField, EnteredFilter, in_words
from newsletter.web.desk.conditions.condition_rows import named
from newsletter.web.desk.edition import departure
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import about, as_sentence, editor, page, sentences
from subscribers.models import Subscription, WhereProblem, parse_where
from subscribers.requests import config_of

FIELD = "where"
UNCHANGED, LACKING = "gone", "lacking"
"""Two choices: a segment that an edition keeps although it has been removed, and those who had no post of a letter."""


class SegmentForm(DeskForm):
    """A segment. `choices` are what its conditions can be chosen among, and `before` the filter that is stored."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(
        self,
        newsletters: Collection[Newsletter],
        choices: ConditionChoices,
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self._newsletters = {newsletter.name: newsletter for newsletter in newsletters}
        titles = [(newsletter.name, newsletter.title) for newsletter in newsletters]
        self.fields["newsletter"] = forms.ChoiceField(label=gettext_lazy("Newsletter"), choices=titles)
        self._before = str((initial or {}).get(FIELD, ""))
        self.fields[FIELD] = ConditionsField(choices, self._before, label=gettext_lazy("Conditions"), required=False)

    def clean_where(self) -> str:
        """Refuse filters that are blank or wrong, and those that match nobody of the newsletter."""
        text: str = self.cleaned_data[FIELD]
        if self._before and self.fields[FIELD].widget.value_omitted_from_data(self.data, self.files, FIELD):
            raise forms.ValidationError(_("This has changed since you opened the page, so nothing was done."))
        try:
            parsed = parse_where(text)
        except WhereProblem as problem:
            raise forms.ValidationError(as_sentence(problem)) from problem
        if not text.strip():
            raise forms.ValidationError(_("Add at least one condition."))
        newsletter = self._newsletters.get(self.cleaned_data.get("newsletter", ""))
        if newsletter is not None:
            offered = {"frequency": newsletter.offered, "topic": newsletter.topics}
            for comparison in named(parsed):
                if comparison.field in offered and comparison.word not in offered[comparison.field]:
                    sentence = _("“%(title)s” doesn’t offer this: %(word)s")
                    raise forms.ValidationError(sentence % {"title": newsletter.title, "word": comparison.word})
        return text


def size(newsletter: Newsletter, filtered: str) -> int:
    """Return how many of the present recipients of an edition match a filter. Raises WhereProblem."""
    subscriptions = Subscription.objects.receiving(newsletter, timezone.now())
    return subscriptions.filter(parse_where(filtered).q(newsletter)).count()


def listed(request: HttpRequest) -> HttpResponse:
    """Show all segments, by newsletter."""
    newsletters = config_of(request).newsletters
    rows = [
        {
            "segment": segment,
            "newsletter": newsletters[segment.newsletter].title,
            "size": _size_text(newsletters[segment.newsletter], segment),
            "conditions": in_words(segment.where, ConditionChoices(configured([newsletters[segment.newsletter]]))),
        }
        for segment in Segment.objects.filter(newsletter__in=newsletters).order_by("newsletter", "name")
    ]
    return page(request, "segments", {"rows": rows}, section="subscribers")


def _size_text(newsletter: Newsletter, segment: Segment) -> str:
    return formatting.subscribers(size(newsletter, segment.where))


def edit(request: HttpRequest, segment: Segment | None = None) -> HttpResponse:
    """Fill in a new segment, or change one. Editions for which it was chosen keep it as it was."""
    newsletters = config_of(request).newsletters.values()
    stored = {"name": segment.name, "newsletter": segment.newsletter, "where": segment.where} if segment else {}
    data = request.POST.copy() if request.method == "POST" else None
    form = SegmentForm(newsletters, choices_of(newsletters), data, stored)
    if form.is_valid() and _save(request, form, segment):
        return redirect("desk:segments")
    return _form_page(request, form, segment, status=422 if form.errors else 200)


def _form_page(request: HttpRequest, form: SegmentForm, segment: Segment | None, *, status: int) -> HttpResponse:
    name = str(form["newsletter"].value() or next(iter(config_of(request).newsletters), ""))
    filtered = form["where"].value()
    if isinstance(filtered, EnteredFilter):
        filtered = filtered.written()
    context = {"form": form, "segment": segment, "entered": filtered, "count": _count(request, name, filtered)}
    return page(request, "segment", context, section="subscribers", status=status)


def _save(request: HttpRequest, form: SegmentForm, segment: Segment | None) -> bool:
    entered = form.cleaned_data
    same = Segment.objects.filter(newsletter=entered["newsletter"], name=entered["name"])
    if same.exclude(pk=segment.pk if segment else 0).exists():
        form.add_error("name", _("There is already a segment with that name."))
        return False
    row = segment or Segment()
    previous_where = row.where or None
    row.newsletter, row.name = entered["newsletter"], entered["name"]
    row.where = entered["where"]
    row.save()
    Act.objects.log(
        editor(request), acts.SEGMENT_SAVED(), f"{row.newsletter}: {row.name}"[:254], previous_where, row.where
    )
    messages.success(request, _("Segment saved."))
    return True


def count(request: HttpRequest) -> HttpResponse:
    """Show how many subscribers match the conditions being typed."""
    entered = ConditionsField(ConditionChoices()).widget.value_from_datadict(request.GET, None, FIELD)
    filtered = entered.written() if entered else ""
    context = {"entered": filtered, "count": _count(request, request.GET.get("newsletter", ""), filtered)}
    return page(request, "_segment_count", context)


def _count(request: HttpRequest, name: str, filtered: str) -> str:
    """Return the number in words; "" while there are no conditions, or none that can be read."""
    newsletter = config_of(request).newsletters.get(name)
    if newsletter is None or not filtered:
        return ""
    try:
        return formatting.subscribers(size(newsletter, filtered))
    except WhereProblem:
        return ""


@require_POST
def remove(request: HttpRequest, segment: Segment) -> HttpResponse:
    """Remove a segment; editions for which it was chosen keep it."""
    Act.objects.log(editor(request), acts.SEGMENT_REMOVED(), str(segment)[:254], segment.where)
    segment.delete()
    messages.success(request, _("Segment removed."))
    return redirect("desk:segments")


def choose(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Choose who gets an edition: everyone, or a segment."""
    saved = list(Segment.objects.filter(newsletter=newsletter.name).order_by("name"))
    if request.method == "POST":
        choice = request.POST.get("segment", UNCHANGED)
        chosen = next((segment for segment in saved if str(segment.pk) == choice), None)
        if choice == LACKING and edition.standalone:
            chosen = Segment(name=_("Had none of its posts"), where=WITHOUT_POSTS)
        if choice == UNCHANGED:
            return redirect("desk:edition", newsletter.name, edition.period)
        if choice and chosen is None:
            messages.error(request, _("That segment has been removed. Choose who gets this edition."))
            return redirect("desk:recipients", newsletter.name, edition.period)
        with sentences(request):
            changed = segments.choose(edition, chosen, by=editor(request), now=timezone.now())
            subscribers = formatting.subscribers(departure.count(newsletter, changed))
            messages.success(request, _("It goes to %(readers)s.") % {"readers": subscribers})
        return redirect("desk:edition", newsletter.name, edition.period)
    everyone = formatting.subscribers(departure.count_all(newsletter, edition))
    is_lacking = edition.segment_where == WITHOUT_POSTS
    options = [{"pk": segment.pk, "name": segment.name, "size": _size_text(newsletter, segment)} for segment in saved]
    context = {**about(request, edition, newsletter), "options": options, "everyone": everyone}
    context["may_choose"] = edition.state in segments.CHOOSING
    context["gone"] = not is_lacking and edition.segment and edition.segment not in {segment.name for segment in saved}
    context |= {"is_lacking": is_lacking, "lacking": _lacking(newsletter, edition)}
    return page(request, "recipients", context, section="home")


def _lacking(newsletter: Newsletter, edition: Edition) -> str:
    """Return how many had none of a letter's posts; "" if it has no posts, or is no letter to present subscribers."""
    if not edition.standalone or edition.welcome_id or not edition.entries.filter(included=True).exists():
        return ""
    letter = copy(edition)
    letter.segment_where = WITHOUT_POSTS
    return formatting.subscribers(departure.count(newsletter, letter))
