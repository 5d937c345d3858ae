"""The language in which a block of code is written, as blogs' software notes it in classes."""

import re

from newsletter.feeds.html.markup import HtmlElement

_CLASS = re.compile(
    r"(?:\A|\s)(?:(?:language|lang|highlight(?:-source)?|brush:)[-\s]?([a-z][\w+#]{0,19})"
    r"|sourceCode\s+([a-z][\w+#]{0,19})|hljs\s+([a-z][\w+#]{0,19}))(?:\s|;|\Z)",
    re.IGNORECASE,
)
_NONE = ("none", "text", "plain", "plaintext", "txt", "plaintex", "source", "rouge", "output", "notranslate")


def note_languages(root: HtmlElement) -> None:
    """Give each block of code the language that it, what is in it or what is around it names."""
    for block in root.iter("pre"):
        noted = block.get("data-language") or ""
        around = list(block.iterancestors("div", "figure"))[:3]
        names = (_language(each) for each in (block, *block.iter("code"), *around))
        language = noted or next(filter(None, names), "")
        block.attrib.pop("data-language", None)
        if re.fullmatch(r"[a-z][\w+#-]{0,19}", language):
            block.set("data-language", language)


def _language(element: HtmlElement) -> str:
    match = _CLASS.search(element.get("class") or "")
    name = next(filter(None, match.groups()), "").lower() if match else ""
    return "" if name in _NONE else name
