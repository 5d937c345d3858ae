"""What Hugo and Jekyll understand in a Markdown file beside Markdown: shortcodes, Liquid tags, footnotes.

Promises: what only the site itself can fill in is left out, and said; what is code, or quoted to be shown, is read as
on the site.
"""

import re

_TAGS = re.compile(
    r"\{%-?\s*raw\s*-?%\}(?P<raw>.*?)\{%-?\s*endraw\s*-?%\}"
    r"|\{%-?\s*highlight\s+(?P<language>[\w+#-]+)[^%]*%\}\r?\n?(?P<code>.*?)\{%-?\s*endhighlight\s*-?%\}"
    r"|\{\{(?P<open>[<%])/\*(?P<shown>.*?)\*/(?P<close>[>%])\}\}"
    r"|(?P<site>\{\{-?\s*site\.(?:baseurl|url)\s*-?\}\})"
    r"|\{\{[<%].*?[>%]\}\}|\{%.*?%\}",
    re.DOTALL,
)
_NOTE = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*", re.MULTILINE)


def without_site_tags(text: str) -> tuple[str, bool]:
    """Markdown that anybody can read, and whether something had to be left out of it."""
    left_out = False

    def replace(tag: re.Match[str]) -> str:
        nonlocal left_out
        if tag["raw"] is not None:
            return tag["raw"]
        if tag["code"] is not None:
            return f"```{tag['language']}\n{tag['code'].rstrip()}\n```\n"
        if tag["shown"] is not None:
            return f"{{{{{tag['open']}{tag['shown']}{tag['close']}}}}}"
        left_out = left_out or tag["site"] is None
        return ""

    return _notes(_TAGS.sub(replace, text)), left_out


def _notes(text: str) -> str:
    """Footnotes as marks in brackets, each note a paragraph where it stands: CommonMark would make links of them."""
    labels = dict.fromkeys(_NOTE.findall(text))
    text = _NOTE.sub(lambda note: f"\n\\[{note[1]}\\] ", text)
    for label in labels:
        text = text.replace(f"[^{label}]", rf"\[{label}\]")
    return text
