"""The context of templates: an edition's parts, escaped and in the newsletter's language.

docs/templates.md lists these names for publishers; names may be added, but do not change their meaning.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.config.colour import readable_on
from newsletter.domain.digest import Digest, Letterhead
from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.render.block_view import block_views
from newsletter.render.content.boxes import email_form, with_directions
from newsletter.render.content.content import prepare_words
from newsletter.render.content.headline import is_torn
from newsletter.render.content.markdown import markdown
from newsletter.render.content.own_words import name_of_recording, with_own_words
from newsletter.render.content.text import plain
from newsletter.render.content.videos import PICTURE
from newsletter.render.dates import date_range, direction, last_day, short_date, week_name
from newsletter.render.post_view import PostViews, without_pictures
from newsletter.render.scope import Scope, cleaned, with_placeholders
from newsletter.render.theme.colours import DARK_BOX, lightened, palette, readable, shaded, tints
from newsletter.render.theme.designs import DESIGNS
from newsletter.render.theme.sharing import reply_link, share_links
from newsletter.render.words import colon, language_of_words, number, words

CONTENTS_FROM = 4
_LONGEST_SIGNED = 45
"""Characters of a line of a sign-off."""
_MOST_SIGNED = 5
"""Lines of a sign-off."""
_RADIUS = {"rounded": "4px", "pill": "24px", "square": "0px"}


def newsletter_view(letterhead: Letterhead) -> Mapping[str, Any]:
    """Return the newsletter's data, for editions, letters and subjects."""
    theme, design = letterhead.theme, DESIGNS[letterhead.theme.design]
    colours = palette(theme.text, theme.background)
    masthead = design.masthead if theme.masthead == "auto" else theme.masthead
    band = (theme.band or theme.accent) if masthead.startswith("band") else ""
    return {
        "name": letterhead.newsletter,
        "title": letterhead.title,
        "description": letterhead.description,
        "language": letterhead.language,
        "dir": direction(letterhead.language),
        "address": letterhead.postal_address,
        "url": f"{letterhead.site_url}/n/{letterhead.newsletter}/",
        "design": theme.design,
        "accent": theme.accent,
        "accent_text": readable(theme.accent, colours.box),
        "accent_dark": lightened(theme.accent_dark or theme.accent, DARK_BOX),
        "on_accent": readable_on(theme.accent),
        "colours": colours,
        "ground": colours.box if design.tinted else colours.background,
        "tints": tints(colours),
        "band": band,
        "on_band": readable_on(band) if band else "",
        "band_dark": (dark := shaded(band)) if band else "",
        "on_band_dark": readable_on(dark) if band else "",
        "centred": masthead.endswith("center"),
        "button_radius": _RADIUS[theme.buttons],
        "browser_link_on_top": theme.browser_link_on_top,
        "footer_text": theme.footer_text,
        "reply": theme.reply,
        "reply_address": letterhead.reply_to or letterhead.sender_address,
        "comments": theme.comments,
        "dates": theme.dates,
        "logo": theme.logo if design.logo else "",
        "logo_dark": theme.logo_dark if theme.logo and design.logo and not band else "",
        "tagline": theme.tagline,
        "font": theme.font,
        "heading_font": theme.heading_font,
        "contents": theme.contents,
    }


def edition_context(digest: Digest, scope: Scope) -> dict[str, Any]:
    """Return all names of an edition's template, for HTML or text."""
    return {
        "newsletter": newsletter_view(digest.letterhead),
        "edition": _edition(digest, scope),
        "greeting": _written(digest.greeting, scope, digest),
        "closing": _written(digest.closing, scope, digest),
        "links": {
            "unsubscribe": scope.placeholders.place(SlotValue.UNSUBSCRIBE, scope.form),
            "preferences": scope.placeholders.place(SlotValue.PREFERENCES, scope.form),
            "reply": reply_link(digest.letterhead, cleaned(digest.subject)),
        },
        "reader_name": lambda fallback="": scope.placeholders.place(SlotValue.NAME, scope.form, fallback),
        **_posts(digest, scope),
        **_theme(digest),
        **_fixed(digest.letterhead),
    }


def _edition(digest: Digest, scope: Scope) -> Mapping[str, Any]:
    letterhead, zone = digest.letterhead, ZoneInfo(digest.letterhead.timezone)
    day = last_day(digest.until, zone)
    return {
        "name": digest.name,
        "subject": cleaned(digest.subject),
        "preheader": with_placeholders(cleaned(digest.personal_preheader), scope, str) or cleaned(digest.preheader),
        "dates": date_range(digest.since, digest.until, zone, letterhead.language),
        "date": short_date(day, letterhead.language),
        "week": day.isocalendar().week,
        "week_name": week_name(day.isocalendar().week, letterhead.language),
        "year": day.year,
        "url": digest.page_url,
        "titled": digest.standalone and cleaned(digest.subject) != letterhead.title,
        "standalone": digest.standalone,
    }


def _fixed(letterhead: Letterhead) -> Mapping[str, Any]:
    labels = words(letterhead.language)
    return {
        "words": labels,
        "words_language": language_of_words(letterhead.language),
        "reason": labels["reason"].format(title=letterhead.title),
        "dir": direction(letterhead.language),
        "colon": colon(letterhead.language),
    }


def _written(text: str, scope: Scope, digest: Digest) -> str:
    """Render an editor's text; `{name}`, `{name|dear reader}` and other fields are replaced with the reader's values.

    Paragraphs that are written in the other direction than the newsletter's language say so.
    """
    if not text.strip():
        return ""
    in_html, letterhead = scope.form is SlotEncoding.HTML, digest.letterhead
    html = email_form(
        markdown(with_placeholders(_with_lines(text), scope, str)), letterhead.language, in_text=not in_html
    )
    html = prepare_words(
        with_own_words(html, letterhead.language),
        site=letterhead.site_url,
        play=letterhead.site_url + PICTURE if in_html else "",
        previews=digest.previews if in_html else without_pictures(digest.previews),
        watch=name_of_recording("", letterhead.language),
    )
    if not in_html:
        return plain(html)
    return scope.word_for(with_directions(html, direction(letterhead.language), scope.placeholders.names))


def _with_lines(text: str) -> str:
    """Return Markdown whose last paragraph keeps its lines if it is a sign-off: a few short lines below other
    paragraphs, at least three alone, or two of which the first ends with a comma.
    """
    before, gap, last = text.rstrip().rpartition("\n\n")
    lines = last.split("\n")
    is_sign_off = (
        (before or len(lines) > 2 or lines[0].rstrip().endswith(","))
        and 1 < len(lines) <= _MOST_SIGNED
        and all(len(line) <= _LONGEST_SIGNED and (line[:1].isalpha() or line.startswith("{name")) for line in lines)
    )
    return before + gap + "\\\n".join(line.rstrip() for line in lines) if is_sign_off else text


def _posts(digest: Digest, scope: Scope) -> Mapping[str, Any]:
    language = digest.letterhead.language
    labels = words(language)
    blocks = block_views(digest, scope, lambda text: _written(text, scope, digest))
    views = PostViews(digest, scope, blocks)
    return {
        "blocks": {"top": blocks.get("top", ()), "end": blocks.get("end", ())},
        "groups": views.groups(),
        "headlines": views.headlines(),
        "pictureless": views.pictureless,
        "unlisted": views.unlisted,
        # "and 2 more", as the subject says it behind a headline.
        "and_more": labels["news"].format(first="", count=number(views.unlisted, language)).lstrip(" ,，–")
        if views.unlisted
        else "",
        "rest": labels["rest"].format(count=number(len(digest.rest), language)) if digest.rest else "",
        "contents": _contents(digest) if digest.contents else "",
    }


def _contents(digest: Digest) -> str:
    """Return the form of the table of contents: "flat", "day" or "" for none: it would repeat mere headlines, or the
    beginnings of notes.
    """
    if sum(1 for post in digest.posts if post.html and not is_torn(post.html, cleaned(post.title))) < CONTENTS_FROM:
        return ""
    theme = digest.letterhead.theme
    usual = "flat" if DESIGNS[theme.design].contents else "off"
    form = usual if theme.contents == "auto" else theme.contents
    return "" if form == "off" else form


def _theme(digest: Digest) -> Mapping[str, Any]:
    """Return what the theme adds to an edition: the label of links to whole posts, and links in the footer."""
    letterhead = digest.letterhead
    theme, labels = letterhead.theme, words(letterhead.language)
    usual = labels["read_on"] if DESIGNS[theme.design].read_on else ""
    share = share_links(theme.share, title=cleaned(digest.subject), url=digest.page_url, forward=labels["forward"])
    return {"read_on": theme.read_on or usual, "social": theme.links, "share": share}
