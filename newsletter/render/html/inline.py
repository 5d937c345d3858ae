"""Inlines the content CSS into `style` attributes with premailer, and checks that nothing else was changed.

There are two style sheets. The *content CSS* is inlined here. The email's own `<style>` elements (media queries, dark
mode) are kept: they are marked for premailer to ignore, and the marks are removed afterwards.
"""

import logging
import re
import threading
from collections import Counter
from functools import lru_cache
from typing import Any

from lxml import etree
from lxml.cssselect import SelectorError

from newsletter.messages import Problem, lint as messages
from newsletter.render.html.style_sheets import squeezed, squeezed_declarations

_MARK = ' data-premailer="ignore"'
# cssutils, which premailer parses with, keeps its state in globals.
_ONE_AT_A_TIME = threading.Lock()
_STYLE = re.compile(r"<style\b")
# Selectors of elements, classes and combinators: no identifiers, attributes, pseudo-classes or escapes.
_PLAIN = re.compile(r"[A-Za-z0-9_.>+~ -]+")
_NAME = re.compile(r"\.?[A-Za-z_-][A-Za-z0-9_-]*")
_COUNTED = re.compile(r"<(?:(!--\[if|!\[endif\])|(a)[\s>]|(img)[\s>]|(/table)>|(style)[\s>])")
_NAMES_OF_COUNTED = ("<!--[if mso]>", "<a>", "<img>", "<table>", "<style>")


Rule = tuple[Any, str, str]  # specificity, selector and declarations


class InlineError(Problem):
    """Inlining would have changed more than styles."""


class StyleError(Problem):
    """Content CSS that can't be inlined."""


def inline(html: str, css: str, placeholders: tuple[str, ...] = ()) -> str:
    """Return the HTML with the content CSS inlined. Raises `StyleError` or `InlineError`."""
    source = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    result = _premailer(_STYLE.sub(f"<style{_MARK}", source), css).replace(_MARK, "")
    _compare(source, result, placeholders)
    return result


def _premailer(html: str, css: str) -> str:
    document = etree.fromstring(html.strip(), etree.HTMLParser())
    names = _names(document)
    styled = frozenset[str]().union(*(needed for _, needed in _rules(css, 0)[0]))
    for sheet in document.iter("style"):
        sheet.text = squeezed(sheet.text or "", names, styled)

    def rules(css: str, index: int) -> tuple[list[Rule], list[Any]]:
        rules_with_names, leftover = _rules(css, index)
        return [rule for rule, needed in rules_with_names if needed <= names], leftover

    worker = _worker(document, css)
    # Most of the time would go into writing each rule of the parsed style sheet out again, and into looking for
    # elements that the document doesn't have.
    worker._parse_style_rules = rules
    worker._style_to_basic_html_attributes = _unchanged
    try:
        with _ONE_AT_A_TIME:
            inlined = worker.transform(pretty_print=False)
    except (SelectorError, etree.XPathError) as error:
        raise StyleError(messages.SELECTOR(cause=str(error))) from error
    for element in inlined.iter(etree.Element):
        if style := element.get("style"):
            element.set("style", squeezed_declarations(style))
    return bytes(etree.tostring(inlined, method="html", encoding="utf-8")).decode()


def _unchanged(element: Any, style: str, force: bool) -> None:
    """Leave the attributes as they are; premailer would set sizes, alignments and backgrounds by the styles."""


def _names(document: Any) -> set[str]:
    """Return the names of the document's elements, and its classes, each behind a dot."""
    names = {element.tag for element in document.iter(etree.Element)}
    for classes in set(document.xpath("//@class")):
        names.update(f".{name}" for name in classes.split())
    return names


@lru_cache(maxsize=32)
def _rules(css: str, index: int) -> tuple[list[tuple[Rule, frozenset[str]]], list[Any]]:
    """Return the rules of a style sheet as premailer reads them, each with the names that a document needs for it.

    The rules that premailer doesn't inline come second; `index` orders several style sheets.
    """
    rules, leftover = _worker("", css)._parse_style_rules(css, index)
    return [(rule, _needed(rule[1])) for rule in rules], leftover


def _needed(selector: str) -> frozenset[str]:
    """Return the elements and classes without which a selector matches nothing; none of a selector with conditions."""
    return frozenset(_NAME.findall(selector)) if _PLAIN.fullmatch(selector) else frozenset()


def _worker(html: Any, css: str) -> Any:
    """Return premailer with options that keep the doctype, MSO comments, mobile rules and the sizes of images."""
    from premailer import Premailer  # loaded for the first email: it takes 5 MB

    return Premailer(
        html,
        css_text=css,
        method="html",
        base_url=None,
        keep_style_tags=False,
        disable_leftover_css=True,
        strip_important=False,
        remove_classes=False,
        include_star_selectors=False,
        exclude_pseudoclasses=True,
        align_floating_images=False,
        capitalize_float_margin=False,
        disable_link_rewrites=True,
        preserve_internal_links=True,
        preserve_inline_attachments=True,
        disable_validation=True,
        cache_css_parsing=True,
        allow_network=False,
        allow_loading_external_files=False,
        cssutils_logging_level=logging.CRITICAL,
    )


def _compare(before: str, after: str, placeholders: tuple[str, ...]) -> None:
    if not after.startswith("<!DOCTYPE html>"):
        raise InlineError(messages.DOCTYPE_LOST())
    old, new = (Counter(match.lastindex for match in _COUNTED.finditer(html)) for html in (before, after))
    for group, name in enumerate(_NAMES_OF_COUNTED, start=1):
        if old[group] != new[group]:
            raise InlineError(messages.NUMBER_CHANGED(what=name, before=old[group], after=new[group]))
    if any(before.count(name) != after.count(name) for name in placeholders):
        raise InlineError(messages.LINK_CHANGED())
