"""Formulas as text, since email clients show none: their TeX where they have it, else a readable line."""

import re

from lxml.builder import E

from newsletter.feeds.html.markup import HtmlElement, classes, drop, outermost, replace, spaced, words

TAGS = words(
    "math semantics annotation mrow mi mn mo ms mtext msup msub msubsup mfrac msqrt mroot mtable mtr mtd munder mover "
    "munderover mfenced mstyle mpadded menclose mmultiscripts mphantom mspace"
)
ATTRIBUTES = {"math": {"alttext", "display"}, "annotation": {"encoding"}}
_TEX = re.compile(r"tex", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^<>]*\btype=[\"']?math/tex\b[^<>]*>((?:[^<]|<(?!/script))*+)</script>", re.IGNORECASE)
_IMAGE = re.compile(r"//(?:s\d\.wp\.com|[\w.-]+\.wordpress\.com)/latex\.php\?|//latex\.codecogs\.com/", re.IGNORECASE)
# Amounts of money, and brackets that a converter of Markdown has escaped, have no signs of TeX.
_WRITTEN = re.compile(
    r"\$\$(?=[^$]{0,2000}?[\\^_{}=])([^$]{1,2000}+)\$\$"
    r"|\\\[(?=[^\\]{0,2000}?(?:[\^_{}=]|\\[A-Za-z]))((?:[^\\]|\\(?![\[\]])){1,2000}+)\\\]"
    r"|\\\((?=[A-Za-z]\\\)|[^\\]{0,2000}?(?:[\^_{}=]|\\[A-Za-z]))((?:[^\\]|\\(?![()])){1,2000}+)\\\)"
)
_NO_TEXT = words("code pre samp kbd math annotation script style")
_DISPLAY_STYLE = re.compile(r"\{\\(?:displaystyle|textstyle)\s(.*)\}", re.DOTALL)
# KaTeX and MediaWiki add the same formula as letters or as an image.
_COPIES = words("katex-html mwe-math-fallback-image-inline mwe-math-fallback-image-display")
_BETWEEN: dict[str, tuple[str, ...]] = {
    "msup": ("^",),
    "munder": ("_",),
    "mover": ("^",),
    "msub": ("_",),
    "mfrac": ("/",),
    "msubsup": ("_", "^"),
    "munderover": ("_", "^"),
}
_SPACED = words("= + − - ± × · ≤ ≥ ≠ ≈ → ∈")


def replace_formulas(root: HtmlElement) -> int:
    """Formulas become text; returns their number."""
    formulas = outermost(root.iter("math"))
    if formulas:
        drop(e for e in root.iter() if not _COPIES.isdisjoint(classes(e)))
    for formula in formulas:
        tex = _tex(formula)
        line = E.code(tex) if tex else E.span(spaced(_readable(formula)))
        replace(formula, E.div(line) if formula.get("display") == "block" else line)
    return len(formulas)


def replace_images(root: HtmlElement) -> int:
    """Images of formulas become the TeX that they were made of; returns their number."""
    images = [i for i in root.iter("img") if _IMAGE.search(i.get("src") or "") and spaced(i.get("alt") or "")]
    for image in images:
        replace(image, E.code(spaced(image.get("alt") or "")))
    return len(images)


def write_scripts(html: str) -> str:
    """Return HTML, in which each "&" begins a reference, with the TeX that scripts would show as formulas, as code."""
    return _SCRIPT.sub(lambda script: f"<code>{script[1].replace('<', '&lt;')}</code>", html)


def mark_written(root: HtmlElement) -> int:
    """Formulas between `$$` and `$$`, `\\[` and `\\]`, or `\\(` and `\\)`, become code; returns their number."""
    count = 0
    for element in [e for e in root.iter() if isinstance(e.tag, str)]:
        places = [place for place in ("text", "tail") if _may_have_formula(getattr(element, place))]
        if not places or next(element.iterancestors(*_NO_TEXT), None) is not None:
            continue
        if "text" in places and element.tag not in _NO_TEXT:
            count += _mark(element, "text")
        if "tail" in places and element is not root:
            count += _mark(element, "tail")
    return count


def _may_have_formula(text: str | None) -> bool:
    return text is not None and ("$$" in text or "\\" in text)


def _mark(element: HtmlElement, place: str) -> int:
    text = getattr(element, place) or ""
    beginning, *pieces = _WRITTEN.split(text)
    codes = []
    for *formula, behind in zip(*(pieces[group::4] for group in range(4)), strict=True):
        code = E.code(spaced("".join(filter(None, formula))))
        code.tail = behind
        codes.append(code)
    if codes:
        setattr(element, place, beginning)
        parent = element if place == "text" else element.getparent()
        index = 0 if place == "text" else parent.index(element) + 1
        parent[index:index] = codes
    return len(codes)


def _tex(formula: HtmlElement) -> str:
    notes = ("".join(e.itertext()) for e in formula.iter("annotation") if _TEX.search(e.get("encoding") or ""))
    tex = spaced(next(filter(None, map(spaced, notes)), "") or formula.get("alttext") or "")
    match = _DISPLAY_STYLE.fullmatch(tex)
    return match[1].strip() if match else tex


def _readable(element: HtmlElement) -> str:
    """Return the text of an element, with signs for powers, indices, fractions and roots."""
    children = [child for child in element if child.tag != "annotation"]
    parts = [_readable(child) for child in children]
    match element.tag:
        case "msqrt":
            return f"√{_grouped(''.join(parts).strip())}"
        case "mroot" if len(parts) == 2:
            return f"{_grouped(parts[0])}^(1/{parts[1]})"
        case "mtr":
            return " ".join(parts)
        case "mtable":
            return "; ".join(parts)
        case "mo" if (sign := (element.text or "").strip()) in _SPACED:
            return f" {sign} "
        case tag if len(signs := _BETWEEN.get(tag, ())) + 1 == len(parts) > 1:
            return "".join(sign + _grouped(part.strip()) for sign, part in zip(("", *signs), parts, strict=True))
    text, previous = element.text or "", ""
    for child, part in zip(children, parts, strict=True):
        ends_index = previous in _BETWEEN and text[-1:].isalnum() and part[:1].isalnum()
        text += f"{' ' if ends_index else ''}{part}{child.tail or ''}"
        previous = child.tag
    return text


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
