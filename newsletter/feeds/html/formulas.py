"""Formulas in MathML as text, since email clients show none: their TeX where they have it, else a readable line."""

import re

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, spaced, words

TAGS = words(
    "math semantics annotation mrow mi mn mo ms mtext msup msub msubsup mfrac msqrt mroot mtable mtr mtd munder mover "
    "munderover mfenced mstyle mpadded menclose mmultiscripts mphantom mspace"
)
ATTRIBUTES = {"math": {"alttext", "display"}, "annotation": {"encoding"}}
_TEX = re.compile(r"tex", re.IGNORECASE)
_DISPLAY_STYLE = re.compile(r"\{\\(?:displaystyle|textstyle)\s(.*)\}", re.DOTALL)
# KaTeX and MediaWiki add the same formula as letters or as an image.
_COPIES = words("katex-html mwe-math-fallback-image-inline mwe-math-fallback-image-display")
_BETWEEN: dict[str, tuple[str, ...]] = {
    "msup": ("^",),
    "munder": ("_",),
    "mover": ("^",),
    "msub": ("_",),
    "mfrac": ("/",),
}
_SPACED = words("= + − - ± × · ≤ ≥ ≠ ≈ → ∈")
_BETWEEN |= {"msubsup": ("_", "^"), "munderover": ("_", "^")}


def replace_formulas(root: HtmlElement) -> int:
    """Formulas become text; returns their number."""
    formulas = [e for e in root.iter("math") if not any(a.tag == "math" for a in e.iterancestors())]
    if formulas:
        for copy in [e for e in root.iter() if not _COPIES.isdisjoint((e.get("class") or "").split())]:
            copy.drop_tree()
    for formula in formulas:
        tex = _tex(formula)
        line = etree.Element("code" if tex else "span")
        line.text = tex or spaced(_readable(formula))
        if formula.get("display") == "block":
            line, inner = etree.Element("div"), line
            line.append(inner)
        formula.addprevious(line)
        formula.drop_tree()
    return len(formulas)


def _tex(formula: HtmlElement) -> str:
    notes = ("".join(e.itertext()) for e in formula.iter("annotation") if _TEX.search(e.get("encoding") or ""))
    tex = spaced(next(filter(None, map(spaced, notes)), "") or formula.get("alttext") or "")
    found = _DISPLAY_STYLE.fullmatch(tex)
    return found[1].strip() if found else tex


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
    text = element.text or ""
    for child, part in zip(children, parts, strict=True):
        text += part + (child.tail or "")
    return text


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
