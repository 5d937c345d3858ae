"""The first config.toml of a newsletter, made from what its blog says."""

from typing import get_args

import tomlkit

from newsletter.config import PLACEHOLDER_MAILBOX, PLACEHOLDER_POSTAL_ADDRESS, Period
from newsletter.config.document import inline
from newsletter.config.newsletters import DRAFT_AT, SENT_AT
from newsletter.config.theme import DesignName, Theme
from newsletter.setup.blog_profile import BlogProfile

_COLUMN = 52
_DESIGNS = f'# theme.design is one of {", ".join(get_args(DesignName))}; "newsletter designs" shows all of them'


def starter_config(
    blog: BlogProfile,
    *,
    language: str,
    timezone: str,
    site_url: str = "http://localhost:8000",
    sender: str = "",
    postal_address: str = "",
    private: bool = False,
) -> str:
    """Return a config.toml for a blog, with comments; it sends nothing until a provider is chosen.

    Without `sender` and `postal_address` the file has placeholders, which every provider but `file` refuses. `private`
    allows sources at private addresses.
    """
    draft, send = sending_times(blog.period)
    name = blog.name
    lines = [
        "# The configuration of this newsletter. docs/configuration.md explains every key.",
        "# A line that begins with # shows a default; remove the # to change it.",
        "",
        "[site]",
        _line("url", site_url, "the public address of this program; links in emails begin with it"),
        _default("secret_key", '{ env = "NEWSLETTER_SECRET_KEY" }', "created on first start in .secret_key"),
        _default("alert_url", '""', "gets a POST when something needs attention"),
        "",
        f"[newsletters.{name}]",
        _line("title", blog.title),
        _line("description", blog.description) if blog.description else _default("description", '""'),
        *_about(blog),
        _line("from", sender)
        if sender
        else _line("from", f"{display_name(blog.title)} <{PLACEHOLDER_MAILBOX}>", "REPLACE: your sender address"),
        _line("address", postal_address, "shown in the footer")
        if postal_address
        else _line("address", PLACEHOLDER_POSTAL_ADDRESS, "REPLACE: your postal address, shown in the footer"),
        _line("language", language, "of dates, headings and the footer"),
        _line("timezone", timezone),
        _default("editors", '["you@example.org"]', "who is notified of drafts and problems"),
        _line("subject", "{{ news }}", "the first headline, and how many more posts there are"),
        _line("period", blog.period, "day, week or month"),
        _line("draft", draft, "when the draft is made"),
        _line("send", send, "when an approved edition is sent"),
        _default("approval", '"editor"', 'or "none": sent without approval'),
        _default("body", '"excerpt"', "full, excerpt or title"),
        _DESIGNS,
        _theme(blog),
        "",
        *_source(blog),
        "",
        *(["[collect]", "allow_private_addresses = true", ""] if private else []),
        "[delivery]",
        _line("provider", "file", '"file" writes messages to the folder "mails"; "smtp" sends them'),
        _default("smtp", '{ host = "localhost", port = 25, user = "", password = "" }'),
    ]
    return "\n".join(lines) + "\n"


def _about(blog: BlogProfile) -> list[str]:
    """Return what the newsletter's page shows beside its title and description."""
    return [
        _line("author", blog.author) if blog.author else _default("author", '""', "who writes it"),
        _line("cover", blog.cover) if blog.cover else _default("cover", '""', "a picture above the newsletter's page"),
    ]


def _source(blog: BlogProfile) -> list[str]:
    """Return the table of the blog, or comments for a newsletter without one."""
    if not blog.url:
        return [
            f"# [[newsletters.{blog.name}.sources]]            # without a source, you write letters at the desk",
            _default("url", '"https://blog.example/"', "a website, a feed or a folder"),
        ]
    return [
        f"[[newsletters.{blog.name}.sources]]",
        _line("url", blog.url, "a website, a feed or a folder; the feed of a website is found"),
        _line("language", blog.post_language, "of its posts")
        if blog.post_language
        else _default("language", '""', "of its posts, if it is another; otherwise it is detected"),
    ]


def sending_times(period: Period) -> tuple[str, str]:
    """Return the usual times of draft and sending, as config.toml writes them."""
    return DRAFT_AT[period], SENT_AT[period]


def _line(key: str, value: str, comment: str = "") -> str:
    return _commented(f"{key} = {tomlkit.string(value).as_string()}", comment)


def _default(key: str, value: str, comment: str = "") -> str:
    return _commented(f"# {key} = {value}", comment)


def _commented(text: str, comment: str) -> str:
    return f"{text.ljust(_COLUMN - 1)} # {comment}" if comment else text


def _theme(blog: BlogProfile) -> str:
    theme = {"accent": blog.accent or Theme.accent, "logo": blog.logo}
    if blog.logo_dark:
        theme["logo_dark"] = blog.logo_dark
    if not (blog.accent or blog.logo or blog.logo_dark):
        return _default("theme", inline(theme).as_string())
    return f"theme = {inline({key: value for key, value in theme.items() if value}).as_string()}"


def mailbox(name: str, address: str) -> str:
    """Return a sender as config.toml has it: `Kinaforum <brev@example.org>`."""
    return f"{display_name(name)} <{address}>" if name.strip() else address


def display_name(title: str) -> str:
    """Return a title as a display name: quoted where RFC 5322 3.4 wants it, without what no header can have."""
    bare = " ".join(title.split())
    plain = all(c.isalnum() or c in " !#$%&'*+-/=?^_`{|}~" for c in bare)
    return bare if plain else '"{}"'.format(bare.replace("\\", "").replace('"', "'"))
