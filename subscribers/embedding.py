"""The sign-up form as HTML for other websites: it needs no script and no style sheet."""

from django.template.loader import render_to_string
from django.utils import translation

from newsletter.config import Newsletter
from subscribers.cadences import choices
from subscribers.pages import supported
from subscribers.subscription_requests import consent_text


def embedded_form(newsletter: Newsletter, site_url: str) -> str:
    """Return the form in the newsletter's language; what it asks people to agree to is what their consent stores."""
    language = supported(newsletter.language) or "en"
    with translation.override(language):
        context = {
            "address": f"{site_url}/n/{newsletter.name}/subscribe?lang={language}",
            "name": newsletter.name,
            "language": language,
            "consent": consent_text(newsletter.title),
            "cadences": choices(newsletter),
            "cadence": newsletter.default_cadence,
            "topics": newsletter.offered_topics,
        }
        return render_to_string("embedded_form.html", context, using="pages").strip()
