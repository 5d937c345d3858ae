"""The field of a subject's template: parts are inserted by choosing, and an example shows what becomes of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Words

PARTS: dict[str, Words] = {
    "{{ news }}": _("First headline and number of others"),
    "{{ posts[0].title }}": _("First headline"),
    "{{ posts|length }}": _("Number of posts"),
    "{{ newsletter.title }}": _("Title of the newsletter"),
    "{{ date }}": _("Date"),
    "{{ week_name }}": _("Week"),
    "{{ month_year }}": _("Month and year"),
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
