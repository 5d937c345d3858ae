"""Facts from a blog's home page: its title, description, author, picture, language, logo and accent colour."""

import colorsys
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError

from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.html.markup import HtmlElement, one_line, page_tree

_LOGO = re.compile(r"(?:^|[-_/ .])(?:site-?)?logo", re.IGNORECASE)
_NOT_FOR_EMAIL = (".svg", ".ico", ".webp", ".avif")
_ACCOUNTS = ("admin", "administrator", "unknown", "editor", "webmaster", "root")
_LONGEST_AUTHOR = 80
_COLOUR_NAMES = ("theme-color", "msapplication-tilecolor")
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\b")
_RULES = re.compile(
    r"(?<![\w-])(--[\w-]++|a(?::link)?\s*+\{[^{}]{0,200}?(?<![\w-])color)\s*+:\s*+(#[0-9a-fA-F]{3,6})\b"
)
_ACCENT = re.compile(r"\Aa|accent|primary|brand|bg_pop|background_pop")
_LARGEST_STYLE = 200_000
_LEAST_SATURATION = 0.25


@dataclass(frozen=True, slots=True)
class SitePage:
    """What a home page says; "" for what it does not say. `accent` is `#rrggbb`."""

    title: str = ""
    description: str = ""
    author: str = ""
    picture: str = ""
    language: str = ""
    logo: str = ""
    accent: str = ""


def read_site_page(html: str, url: str) -> SitePage:
    """Read a home page, whose address is `url`."""
    page = page_tree(html)
    if page is None:
        return SitePage()
    meta = _meta(page)
    return SitePage(
        title=one_line(meta.get("og:site_name") or _title(page)),
        description=one_line(meta.get("description") or meta.get("og:description") or ""),
        author=_author(meta),
        picture=_picture(meta, url),
        language=language_tag(page.get("lang") or meta.get("content-language") or meta.get("og:locale") or ""),
        logo=_logo(page, url),
        accent=_accent(page, meta),
    )


def language_tag(text: str) -> str:
    """Return a language tag (BCP 47) as newsletters have it: `nb` for `no` and `nb-NO`, `pt-BR` for `pt_br`; "" if
    unknown. English keeps its territory unless that is the United States, since its dates differ.
    """
    try:
        locale = Locale.parse(text.strip().replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        return ""
    language = {"no": "nb"}.get(locale.language, locale.language)
    if language == "zh":
        traditional = locale.script == "Hant" or locale.territory in ("TW", "HK", "MO")
        return "zh-Hant" if traditional else "zh-Hans"
    if language == "en" and locale.territory not in (None, "US"):
        return f"en-{locale.territory}"
    return "pt-BR" if (language, locale.territory) == ("pt", "BR") else language


def usable_accent(colour: str) -> str:
    """Return a colour as `#rrggbb`; "" if it is no hexadecimal colour, or nearly grey, black or white."""
    match = _HEX.fullmatch(colour.strip())
    if not match:
        return ""
    digits = match[1].lower()
    digits = digits if len(digits) == 6 else "".join(c * 2 for c in digits)
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    _, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    colourful = saturation >= _LEAST_SATURATION and 0.1 <= lightness <= 0.9
    return f"#{digits}" if colourful else ""


def usable_logo(url: str) -> str:
    """Return a logo's address; "" if email programs would not show the image's format."""
    parts = split_address(url)
    is_usable = parts.scheme in ("http", "https") and parts.netloc and not parts.path.lower().endswith(_NOT_FOR_EMAIL)
    return url if is_usable else ""


def _meta(page: HtmlElement) -> dict[str, str]:
    """Return the contents of `meta` elements by name; the first of each counts."""
    values: dict[str, str] = {}
    for element in page.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("http-equiv") or ""
        if content := (element.get("content") or "").strip():
            values.setdefault(name.lower(), content)
    return values


def _author(meta: dict[str, str]) -> str:
    """Return who writes the site; "" for an address or an account, which name nobody."""
    name = one_line(meta.get("author") or meta.get("article:author") or "")
    is_account = name.lower() in _ACCOUNTS or name.startswith("@") or "://" in name
    return "" if is_account or len(name) > _LONGEST_AUTHOR else name


def _picture(meta: dict[str, str], url: str) -> str:
    """Return the address of the picture that stands for the site elsewhere (Open Graph)."""
    address = absolute(meta.get("og:image:secure_url") or meta.get("og:image") or "", url)
    parts = split_address(address)
    return address if meta.get("og:image") and parts.scheme in ("http", "https") and parts.netloc else ""


def _title(page: HtmlElement) -> str:
    return next((t.text or "" for t in page.iter("title") if (t.text or "").strip()), "")


def _logo(page: HtmlElement, url: str) -> str:
    base = next((absolute(b.get("href") or "", url) for b in page.iter("base") if b.get("href")), url)
    candidates = (usable_logo(absolute(address, base)) for address in _logo_addresses(page) if address)
    return next((address for address in candidates if address), "")


def _logo_addresses(page: HtmlElement) -> Iterator[str]:
    """Yield addresses of the site's logo, likeliest first."""
    for image in page.iter("img"):
        names = " ".join(image.get(key) or "" for key in ("class", "id", "alt", "src"))
        around = image.getparent()
        if _LOGO.search(names) or (around is not None and _LOGO.search(f"{around.get('class')} {around.get('id')}")):
            yield image.get("src") or ""
    for script in page.iter("script"):
        if script.get("type") == "application/ld+json":
            yield from _logos_in(_json(script.text or ""))
    for link in page.iter("link"):
        if "apple-touch-icon" in (link.get("rel") or "").lower():
            yield link.get("href") or ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _logos_in(value: Any, depth: int = 6) -> Iterator[str]:
    """Values of `logo` in JSON-LD, as schema.org's Organization has them: an address, or an object with `url`."""
    if depth and isinstance(value, list):
        for item in value:
            yield from _logos_in(item, depth - 1)
    elif depth and isinstance(value, dict):
        logo = value.get("logo")
        address = logo.get("url") if isinstance(logo, dict) else logo
        if isinstance(address, str):
            yield address
        for item in value.values():
            yield from _logos_in(item, depth - 1)


def _accent(page: HtmlElement, meta: dict[str, str]) -> str:
    styles = "\n".join(style.text or "" for style in page.iter("style"))[:_LARGEST_STYLE]
    rules = [(name, colour) for name, colour in _RULES.findall(styles) if _ACCENT.search(name)]
    sorted_rules = sorted(rules, key=lambda rule: not rule[0].startswith("--"))
    colours = [meta.get(name, "") for name in _COLOUR_NAMES] + [colour for _, colour in sorted_rules]
    return next((usable for colour in colours if (usable := usable_accent(colour))), "")
