"""Content CSS written into `style` attributes by premailer, and the proof that nothing else was changed on the way.

There are two style sheets. The *content CSS* is inlined here. The mail's own `<style>` elements (media queries, dark
mode) are left alone: marked for premailer to ignore, the marks taken off afterwards.
"""

import logging
import re
import threading

from lxml import etree
from lxml.cssselect import SelectorError
from premailer import Premailer

from newsletter.render.placeholders import pattern

_MARK = ' data-premailer="ignore"'
# cssutils, which premailer parses with, keeps its state in globals.
_ONE_AT_A_TIME = threading.Lock()
_STYLE = re.compile(r"<style\b")
_COUNTED = (
    ("MSO condition", re.compile(r"<!--\[if|<!\[endif\]")),
    ("link", re.compile(r"<a[\s>]")),
    ("picture", re.compile(r"<img[\s>]")),
    ("table", re.compile(r"</table>")),
    ("style element", re.compile(r"<style[\s>]")),
)


class InlineError(ValueError):
    """Inlining would have changed more than styles."""


class StyleError(ValueError):
    """Content CSS that can't be inlined."""


def inline(html: str, css: str, placeholders: tuple[str, ...] = ()) -> str:
    """The HTML with the content CSS inlined; raises `StyleError` or `InlineError`."""
    source = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    result = _premailer(_STYLE.sub(f"<style{_MARK}", source), css).replace(_MARK, "")
    _compare(source, result, placeholders)
    return result


def _premailer(html: str, css: str) -> str:
    """The options under which premailer keeps the doctype, MSO comments, mobile rules and the sizes of pictures."""
    worker = Premailer(
        html,
        css_text=css,
        method="html",
        base_url=None,
        keep_style_tags=False,
        disable_leftover_css=True,
        strip_important=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
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
    try:
        with _ONE_AT_A_TIME:
            return str(worker.transform(pretty_print=False))
    except (SelectorError, etree.XPathError) as error:
        raise StyleError(f"a selector can't be inlined: {error}") from error


def _compare(before: str, after: str, placeholders: tuple[str, ...]) -> None:
    if not after.startswith("<!DOCTYPE html>"):
        raise InlineError("the doctype went missing when styles were inlined")
    for name, wanted in _COUNTED:
        had, has = len(wanted.findall(before)), len(wanted.findall(after))
        if had != has:
            raise InlineError(f"inlining the styles changed the number of {name}s from {had} to {has}")
    found = pattern(placeholders)
    if sorted(found.findall(before)) != sorted(found.findall(after)):
        raise InlineError("inlining the styles changed a reader's link")
