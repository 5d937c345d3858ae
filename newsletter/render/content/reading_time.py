"""How long it takes to read a post."""

import re

from newsletter.render.content.excerpt import count_words

_TAG = re.compile(r"<[^<>]*>")
# Characters of Chinese and Japanese count as words, and a minute's reading has about twice as many of them.
_CHARACTER = re.compile(r"[぀-ヿ㐀-䶿一-鿿]")
_WORDS_A_MINUTE = 230
_CHARACTERS_A_MINUTE = 500


def reading_minutes(html: str) -> int:
    """Return the minutes that reading a fragment takes, rounded, at least 1; 0 if it has no text."""
    characters = len(_CHARACTER.findall(_TAG.sub(" ", html)))
    minutes = (count_words(html) - characters) / _WORDS_A_MINUTE + characters / _CHARACTERS_A_MINUTE
    return max(1, round(minutes)) if minutes else 0
