"""Weeks, days and times of all languages, beside those of CLDR, and an edition of each, kept whole.

To keep new ones, run `python -m tests.render.test_languages` and look at what changed.
"""

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from babel.dates import format_skeleton
from babel.units import format_unit

from newsletter.config.newsletters import SUBJECTS
from newsletter.config.theme import DesignName
from newsletter.domain.digest import Rendered
from newsletter.render.dates import clock, date_range, day_heading, locale_of, month_of_year, short_date, week_name
from newsletter.render.edition import render
from newsletter.render.preview import recipient_text
from newsletter.render.subject import subject
from newsletter.render.theme.designs import DESIGNS
from newsletter.render.words import LANGUAGES, colon, words
from tests.render.samples import SINCE, UNTIL, ZONE, digest, letterhead, post, recipient

KEPT = Path(__file__).parent.parent / "golden" / "languages.txt"
DAY = date(2026, 2, 6)
MOMENT = datetime(2026, 2, 6, 16, 5, tzinfo=ZONE)

# CLDR names weeks together with their year, which changes or shortens words. Babel writes no digits but Latin ones.
OTHER_WEEKS = {
    "bn": ("৬তম সপ্তাহ", "2026 এর 6তম সপ্তাহ"),
    "fa": ("هفتهٔ ۶م", "هفتهٔ 6م 2026"),
    "hu": ("6. hét", "2026 6. hete"),
    "is": ("vika 6", "viku 6 af 2026"),
    "lt": ("6 savaitė", "2026 6 sav."),
    "mr": ("६ वा आठवडा", "2026 चा 6 वा आठवडा"),
    "mt": ("ġimgħa 6", "6 ġimgħa ta' 2026"),
    "pl": ("tydzień 6", "2026, tydz. 6"),
    "ta": ("6-ஆம் வாரம்", "2026 ஆம் ஆண்டின் 6 -ஆம் வாரம்"),
    "uk": ("6-й тиждень", "6-й тиж. 2026 р."),
}


def unit(language: str, name: str, count: int = 1) -> str:
    """The word that CLDR has for a number of units."""
    text = format_unit(count, f"duration-{name}", "long", locale=locale_of(language))
    return re.sub(r"^[\d\s]+", "", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_week_is_named_as_in_cldr(language: str) -> None:
    said = format_skeleton("yw", DAY, locale=locale_of(language))
    assert words(language)["week"] in week_name(6, language)
    if language in OTHER_WEEKS:
        assert (week_name(6, language), said) == OTHER_WEEKS[language]
    else:
        assert week_name(6, language) in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_minutes_are_abbreviated_or_do_not_change_with_their_number(language: str) -> None:
    forms = {unit(language, "minute", count) for count in (1, 2, 5, 21)}
    text = words(language)["minutes"]
    assert len(forms) == 1 or not any(re.search(rf"\b{re.escape(form)}\b", text) for form in forms)


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
@pytest.mark.parametrize("design", DESIGNS)
def test_no_design_has_an_english_word_of_ours(language: str, design: DesignName) -> None:
    """Numbers stand for all that is the publisher's. Words that are the same in a language are not counted."""
    made = whole_edition(language, design)
    english = set(re.findall(r"[A-Za-z]{3,}", " ".join(words("en").values()))) | {
        "January",
        "February",
        "Friday",
        "AM",
        "PM",
    }
    own = set(re.findall(r"\w+", " ".join(words(language).values()) + dates(language)))
    html = re.sub(r"<!--.*?-->|<style.*?</style>|<head>.*?</head>", "", made.html, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:alt|title|aria-[a-z]+)="([^"]*)"', html))
    shown = re.sub(r"<[^>]+>", " ", html) + attributes + re.sub(r"https?://\S+", "", made.text)
    assert (set(re.findall(r"\w+", shown)) & english) - own == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_edition_is_the_one_that_was_kept(language: str) -> None:
    assert kept_text(language) in KEPT.read_text(encoding="utf-8")


def whole_edition(language: str, design: DesignName = "letter") -> Rendered:
    """An edition with all fixed text, in which numbers stand for all other words."""
    head = letterhead(
        language=language, title="1", postal_address="2", design=design, contents="day", share=("email",),
        meta=("date", "time", "reading_time"),
    )  # fmt: skip
    posts = [post(n, title=str(n), html="<p>1</p>", whole=False, source="", minutes=2, language="") for n in range(7)]
    return render(digest(posts, letterhead=head, subject="1", preheader="1", headlines=(post(9, title="9", html=""),)))


def dates(language: str) -> str:
    """Dates and times, each on a line."""
    return "\n".join((
        date_range(SINCE, UNTIL, ZONE, language), day_heading(DAY, language), short_date(DAY, language),
        month_of_year(DAY, language), clock(MOMENT, ZONE, language), week_name(6, language),
    ))  # fmt: skip


def kept_text(language: str) -> str:
    """What readers of a language see of ours."""
    fixed = words(language)
    head = letterhead(language=language, title="1")
    posts = [post(n, title=str(n), language="") for n in range(3)]
    subjects = (subject(each, head, posts, SINCE, UNTIL) for each in (*SUBJECTS.values(), "{{ news }}"))
    counts = (fixed[key].format(count=count) for key in ("rest", "minutes") for count in (1, 2, 5))
    parts = (
        dates(language),
        *subjects,
        *counts,
        fixed["empty"],
        fixed["sponsor"],
        fixed["correction"] + colon(language) + "1",
        recipient_text(whole_edition(language), head, recipient()),
    )
    return f"==== {language}\n" + "\n".join(parts)


if __name__ == "__main__":
    KEPT.write_text("".join(map(kept_text, LANGUAGES)), encoding="utf-8")
