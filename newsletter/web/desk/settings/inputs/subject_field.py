"""The field of a subject's template: parts are inserted by choosing, and an example shows what it gives with the posts
of the present draft.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.config import Config, Newsletter
from newsletter.config.newsletters import SUBJECTS
from newsletter.editions.previews import sample_digest
from newsletter.editions.rendering import subject_from
from newsletter.messages import Message
from newsletter.messages.general import ABOUT
from newsletter.messages.lint import AT_LINE
from newsletter.models import Edition, State
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.subject import subject
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.settings.fields import Words
from subscribers.requests import config_of

LONGEST = 1_000
"""Characters of a template that are looked at."""

PARTS: dict[str, Words] = {
    "{{ news }}": gettext_lazy("First headline and number of others"),
    "{{ posts[0].title }}": gettext_lazy("First headline"),
    "{{ posts|length }}": gettext_lazy("Number of posts"),
    "{{ newsletter.title }}": gettext_lazy("Title of the newsletter"),
    "{{ date }}": gettext_lazy("Date"),
    "{{ week_name }}": gettext_lazy("Week"),
    "{{ month_year }}": gettext_lazy("Month and year"),
}
"""What can be inserted, with its name."""


class SubjectWidget(forms.TextInput):
    """A text field with buttons for parts below it. `example` returns the sentence about the template of a key.

    `address` answers with that sentence while an editor types.
    """

    example: Callable[[str, str], str] | None = None
    address = ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the field, the buttons and the example; a disabled one has the field alone."""
        field = super().render(name, value, attrs, renderer)
        if (attrs or {}).get("disabled") or self.example is None:
            return field
        context = {"name": name, "parts": PARTS, "address": self.address, "example": self.example(name, value or "")}
        return format_html("{}{}", field, render_to_string("desk/_subject.html", context))


def with_part(text: str, part: str) -> str:
    """Return a template with a part at its end; what is no part is left out."""
    return f"{text} {part}".strip() if part in PARTS else text


def show_examples(form: forms.Form, configuration: Config, newsletter: Newsletter) -> None:
    """Let the subjects of a form show examples."""
    for field in form.fields.values():
        if isinstance(field.widget, SubjectWidget):
            field.widget.example = partial(example, configuration, newsletter)
            field.widget.address = reverse("desk:subject-example", args=(newsletter.name,))


def answer(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Answer with the example for a template that is being typed."""
    key = request.GET.get("key", "subject")
    return HttpResponse(example(config_of(request), newsletter, key, request.GET.get(key, "")))


def example(configuration: Config, newsletter: Newsletter, key: str, typed: str) -> str:
    """Return a sentence in HTML about the subject that a template gives, or why it gives none.

    `key` is that of the setting, `subject` or `cadence.day.subject`; a blank template is the default.
    """
    cadence = next((name for name in SUBJECTS if key == f"cadence.{name}.subject"), None)
    template = typed.strip()[:LONGEST] or SUBJECTS[cadence or newsletter.default_cadence]
    drafts = Edition.objects.filter(newsletter=newsletter.name, state=State.DRAFT, standalone=False, corrects=None)
    drafts = drafts.filter(entries__included=True)
    draft = (
        drafts.filter(cadence=cadence or "").order_by("-until", "-pk").first()
        or drafts.order_by("-until", "-pk").first()
    )
    try:
        if draft:
            text, sentence = subject_from(template, draft, configuration), _("With the present draft: {subject}")
        elif digest := sample_digest(configuration, newsletter):
            text = subject(template, digest.letterhead, digest.posts, digest.since, digest.until)
            sentence = _("With the newest posts: {subject}")
        else:
            return format_html("{}", _("There are no posts yet to show."))
    except TemplateProblem as problem:
        return format_html('<span class="bad">{}</span>', as_sentence(_without_key(problem.message)))
    return format_html(sentence, subject=format_html("<strong>{}</strong>", text))


def _without_key(problem: Message) -> Message:
    """Return what is wrong with a template without the key of config.toml, beside whose field it is shown."""
    inner = problem.param("message") if ABOUT.matches(problem) else problem
    inner = inner.param("problem") if isinstance(inner, Message) and AT_LINE.matches(inner) else inner
    return inner if isinstance(inner, Message) else problem
