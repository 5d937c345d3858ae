"""Merge tags of other tools: placeholders for values of a subscriber, a list, or an account.

An issue in the archive has no subscriber. A name is left out with the space before it; a short line about the list,
the account or the subscription, such as a copyright notice or a link to unsubscribe, is left out whole.
"""

import re

ACCOUNT, LIST, YEAR, PERSONAL = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
"""Characters that stand for tags in texts: of the subscription or account, of the list's name and so on, of the current
year, and all others. They are no characters of any text (Unicode 16.0, section 23.7)."""

LONGEST_LINE = 300
"""Characters of a line that is left out whole; a longer one loses the sentence with the tag."""

LONGEST_BESIDE = 80
"""Characters of the sentences without a tag in such a line, as "Do you want fewer emails?"."""

_MAILCHIMP = re.compile(r"\*\|([^|<>\n]{1,100})\|\*")
_BRACES = re.compile(r"\{\{([^{}\n]{0,200})\}\}|\{%([^{}\n]{0,200})%\}")
_GHOST = re.compile(r'%%\{\w{1,40}(?:,\s{0,5}["“]([^"”{}\n]{0,100})["”])?\}%%')
_GHOST_PLAIN = re.compile(r'\{(?:first_name|name|email)(?:,\s{0,5}["“]([^"”{}\n]{0,100})["”])?\}')
_OF_ACCOUNT = re.compile(
    r"\s*(?:UNSUB|UPDATE_PROFILE|ARCHIVE|FORWARD|ABOUT_LIST|REWARDS|EMAIL|HTML:|MC|TRANSLATE|VCARD|ABUSE|CAMPAIGN_UID"
    r"|LIST:(?:ADDRESS|UNSUB|UPDATE|PHONE|EMAIL)|LIST_ADDRESS)",
    re.IGNORECASE,
)
_OF_LIST = re.compile(r"\s*(?:LIST|USER|DESCRIPTION)", re.IGNORECASE)
_BRACES_OF_ACCOUNT = re.compile(
    r"unsubscribe|manage|archive|messageurl|optin|preferences|email_url|\bemail\b|subscribe_|upgrade_", re.IGNORECASE
)
_ACCOUNT_ADDRESS = re.compile(r"\*\|(?:UNSUB|UPDATE_PROFILE|ARCHIVE|FORWARD|ABOUT_LIST|REWARDS|EMAIL)|unsub|profile")
_IN_ADDRESS = ("*|", "{{", "{%")
_TRACKED = re.compile(r"""\{\{\s{0,5}TrackLink\s{1,5}["'`]([^"'`{}\n]{1,2000})["'`][^{}\n]{0,20}\}\}|@TrackLink\b""")

_CONDITIONS = (
    re.compile(
        r"\*\|(?P<test>IF(?:NOT)?:[^|<>\n]{1,200}|INTERESTED:[^|<>\n]{1,200})\|\*"
        r"(?P<branches>(?:(?!\*\|(?:IF|INTERESTED)|\*\|END:).){0,20000})\*\|END:(?:IF|INTERESTED)\|\*",
        re.DOTALL,
    ),
    re.compile(
        r"\{%-?\s{0,5}(?P<test>if\b[^{}%\n]{0,100}subscriber[^{}%\n]{0,100})%\}"
        r"(?P<branches>(?:(?!\{%-?\s{0,5}(?:if|endif)\b).){0,20000})\{%-?\s{0,5}endif\s{0,5}-?%\}",
        re.DOTALL,
    ),
    re.compile(
        r"\{\{-?\s{0,5}(?P<test>if\b[^{}\n]{0,100}\.Subscriber[^{}\n]{0,100})\}\}"
        r"(?P<branches>(?:(?!\{\{-?\s{0,5}(?:if|end)\b).){0,20000})\{\{-?\s{0,5}end\s{0,5}-?\}\}",
        re.DOTALL,
    ),
)
_ELSE = re.compile(
    r"\*\|ELSE(?::\|\*|\|\*|IF:[^|<>\n]{1,200}\|\*)|\{%-?\s{0,5}el(?:se|if[^{}%\n]{0,200})\s{0,5}-?%\}"
    r"|\{\{-?\s{0,5}else[^{}\n]{0,200}\}\}"
)
_ELSE_IF = re.compile(r"ELSEIF:|elif\b|else\s{1,5}if\b")
_DEEPEST = 10
_NOTHING = "*|NOTHING|*"
"""A tag in the place of a condition that is not met, so that a space before it is left out with it."""


def resolve(html: str, *, braces: bool) -> str:
    """Return HTML without conditional tags: with what someone sees of whom nothing is known.

    With `braces`, this includes `{% if … %}` and `{{ if … }}` of a subscriber, and listmonk's tracked links.
    """
    for pattern in _CONDITIONS if braces else _CONDITIONS[:1]:
        for _ in range(_DEEPEST):
            html, count = pattern.subn(_branch, html)
            if not count:
                break
    return _TRACKED.sub(lambda match: match[1] or "", html) if braces else html


def _branch(match: re.Match[str]) -> str:
    test = match["test"].upper().replace(" ", "")
    branches, elses = match["branches"], list(_ELSE.finditer(match["branches"]))
    if test.startswith("IFNOT:") != test.endswith(":ARCHIVE_PAGE"):
        return branches[: elses[0].start()] if elses else branches
    return branches[elses[-1].end() :] if elses and not _ELSE_IF.search(elses[-1][0]) else _NOTHING


def marked(text: str, *, braces: bool, ghost: bool = False) -> str:
    """Return a text with a character for each of its tags."""
    text = _GHOST.sub(_fallback, _MAILCHIMP.sub(_mailchimp, text))
    if ghost:
        text = _GHOST_PLAIN.sub(_fallback, text)
    if braces:
        text = _BRACES.sub(lambda tag: ACCOUNT if _BRACES_OF_ACCOUNT.search(tag[1] or "") else PERSONAL, text)
    return text


def _mailchimp(match: re.Match[str]) -> str:
    name = match[1].strip().upper()
    if name == "CURRENT_YEAR":
        return YEAR
    return ACCOUNT if _OF_ACCOUNT.match(name) else LIST if _OF_LIST.match(name) else PERSONAL


def _fallback(match: re.Match[str]) -> str:
    return match[1] or PERSONAL


def is_personal_address(address: str, *, braces: bool) -> bool:
    """Return whether a link's address has a tag."""
    return any(tag in address for tag in (_IN_ADDRESS if braces else _IN_ADDRESS[:1]))


def mark_of_address(address: str, *, braces: bool) -> str:
    """Return the mark of a page of the subscription or the account; "" if an address with a tag is another one."""
    if address.startswith("mailto:"):
        return ""
    if address.startswith(("http://", "https://")):
        return ACCOUNT if _ACCOUNT_ADDRESS.search(address) else ""
    text = marked(address, braces=braces)
    return next((mark for mark in (ACCOUNT, LIST) if mark in text), "")


def has_marks(text: str) -> bool:
    """Return whether a text has tags."""
    return any(mark in text for mark in (ACCOUNT, LIST, YEAR, PERSONAL))


_ABOUT_RIGHTS = re.compile(r"©|\(c\)|copyright|rights reserved", re.IGNORECASE)
_SENTENCES = re.compile(r"[^.!?…]+[.!?…]*\s*")


def is_about_account(line: str) -> bool:
    """Return whether a marked line only makes sense with its tags."""
    if len(line) > LONGEST_LINE or not any(mark in line for mark in (ACCOUNT, LIST, YEAR)):
        return False
    if _ABOUT_RIGHTS.search(line):
        return True
    beside = [text for text in _SENTENCES.findall(line.strip()) if ACCOUNT not in text and LIST not in text]
    return sum(map(len, beside)) <= LONGEST_BESIDE if ACCOUNT in line else LIST in line and not beside


_NAMES = rf"(?:{PERSONAL}\s*+)++"
_NAME = re.compile(rf"\s{{0,50}}{_NAMES}(?=[,.;:!?)’'…]|\Z)|{_NAMES}")
_NAME_FIRST = re.compile(rf"\A\s*+{_NAMES}(?:[,;:!.–—-]++\s*+)?")


def changes(line: str, year: int) -> dict[int, str]:
    """Return what a marked line's characters become, by their place: nothing for what is left out with a tag."""
    changed = {place: str(year) for place, mark in enumerate(line) if mark == YEAR}
    for sentence in _SENTENCES.finditer(line):
        if ACCOUNT in sentence[0] or LIST in sentence[0]:
            is_last = sentence.end() == len(line)
            start = len(line[: sentence.start()].rstrip()) if is_last else sentence.start()
            changed |= dict.fromkeys(range(start, sentence.end()), "")
    for name in _NAME.finditer(line):
        changed |= dict.fromkeys(range(*name.span()), "")
    if name_first := _NAME_FIRST.match(line):
        end = name_first.end()
        changed |= dict.fromkeys(range(end), "")
        if end < len(line):
            changed[end] = line[end].upper()
    return changed


def without_tags(text: str, *, braces: bool = False) -> str:
    """Return a title without its tags."""
    line = marked(resolve(text, braces=braces), braces=braces).replace(ACCOUNT, PERSONAL).replace(LIST, PERSONAL)
    changed = changes(line.replace(YEAR, PERSONAL), 0)
    return "".join(changed.get(place, character) for place, character in enumerate(line)).strip(" ,")
