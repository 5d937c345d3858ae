"""Shortcodes, Liquid tags and footnotes, which Hugo and Jekyll have in Markdown files.

Promises: what only the site itself can fill in is left out, and said; what is code, or quoted to be shown, is read as
on the site; the time is linear to the text.
"""

import re

_TAG = re.compile(
    r"(?P<raw>\{%-?\s*+raw\s*+-?%\})|(?P<code>\{%-?\s*+highlight\s++(?P<language>[\w+#-]++)[^%]*+%\}\r?\n?)"
    r"|(?P<shown>\{\{[<%]/\*)|(?P<site>\{\{-?\s*+site\.(?:baseurl|url)\s*+-?\}\})|\{\{[<%]|\{%"
)
_ENDS = {
    "raw": re.compile(r"\{%-?\s*+endraw\s*+-?%\}"),
    "code": re.compile(r"\{%-?\s*+endhighlight\s*+-?%\}"),
    "shown": re.compile(r"\*/[>%]\}\}"),
    "{{": re.compile(r"[>%]\}\}"),
    "{%": re.compile(r"%\}"),
}
_NOTE = re.compile(r"^\[\^([^\[\]\s]++)\]:[ \t]*", re.MULTILINE)
_MARK = re.compile(r"\[\^([^\[\]\s]++)\]")


class _Ends:
    """The ends of tags in a text. One that is missing is looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()

    def after(self, kind: str, start: int) -> re.Match[str] | None:
        """Return the next end of a kind, or None."""
        if kind in self._missing:
            return None
        match = _ENDS[kind].search(self._text, start)
        if match is None:
            self._missing.add(kind)
        return match


def without_site_tags(text: str) -> tuple[str, bool]:
    """Markdown that anybody can read, and whether something had to be left out of it."""
    ends, pieces, place, left_out = _Ends(text), [], 0, False
    while tag := _TAG.search(text, place):
        pieces.append(text[place : tag.start()])
        place = tag.end()
        kind = tag.lastgroup or ""
        if kind == "site":
            continue
        if kind and (end := ends.after("code" if kind == "language" else kind, place)):
            pieces.append(_read(tag, text[place : end.start()], end[0]))
            place = end.end()
        elif end := ends.after(tag[0][:2], tag.start() + (3 if tag[0][1] == "{" else 2)):
            place, left_out = end.end(), True
        else:
            place = tag.start() + 1
            pieces.append("{")
    return _notes("".join([*pieces, text[place:]])), left_out


def _read(tag: re.Match[str], content: str, end: str) -> str:
    """Return what stands between a tag and its end, as the site shows it."""
    if tag["code"]:
        return f"```{tag['language']}\n{content.rstrip()}\n```\n"
    return f"{tag[0][:3]}{content}{end[2:]}" if tag["shown"] else content


def _notes(text: str) -> str:
    """Footnotes as marks in brackets, each note a paragraph where it stands: CommonMark would make links of them."""
    labels = set(_NOTE.findall(text))
    text = _NOTE.sub(lambda note: f"\n\\[{note[1]}\\] ", text)
    return _MARK.sub(lambda mark: rf"\[{mark[1]}\]" if mark[1] in labels else mark[0], text)
