"""The subject line and the preview text, made from an edition's posts.

Editors can change the template of a subject at the desk, so it is not trusted: one that does more than insert names is
rendered in a child process with limits, which is kept for the next one.
"""

import atexit
import pickle
import re
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml.html import HtmlElement

from newsletter.domain.digest import DigestPost, Letterhead
from newsletter.messages import Message, lint as messages
from newsletter.messages.general import ABOUT, TEXT
from newsletter.render.content.first_line import first_line
from newsletter.render.content.fragment import HEADINGS, parse, serialise
from newsletter.render.content.headline import fitting, shortened, without_little_words
from newsletter.render.content.markdown import markdown
from newsletter.render.content.own_words import with_own_words
from newsletter.render.content.sentences import without_marks
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.written_notes import MARK
from newsletter.render.dates import last_day, month_name, month_of_year, short_date, week_name
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.template_context import newsletter_view
from newsletter.render.words import language_of_words, number, words
from newsletter.sandbox import LimitExceeded, Sandbox

CPU_SECONDS, MEGABYTES = 2, 256
"""What the child may take for one subject."""

LONGEST_RESULT = 10_000
"""Characters of a subject; inboxes show less than a hundred."""

_LONGEST_PLAIN = 2_000
_PLAIN_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)
_PLAIN_FILTERS = ("length", "count", "first", "last", "upper", "lower", "capitalize", "trim")
_SHORTEST, _LONGEST = 40, 140
_NAME = re.compile(r" ?\{(?:name|[a-z][a-z0-9-]{0,39}(?=\|))(?:\|[^{}]*)?\}")
_DOTS = re.compile(r"(?: ·)+ ")
_LONGEST_HEADLINE = 60
_FEW = 12
"""Characters that a headline may have more, in place of the number of further posts."""
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’ "), ('"', '"'), ("(", ")"))
_REPLY = re.compile(r"(?:\A|(?<=• ))(?:Re|RE|Sv|SV|AW|TR): ")
_SAYS_SOMETHING = re.compile(r"[^\W\d_]{4}")
_WIDTH_OF_LITTLE = 11
"""The width in letters of a headline that may say little alone, such as a number of a version."""
_FULL_STOPS = ".。।۔"
_NAMES = "news, newsletter, posts, week, week_name, year, month, month_year, date, words, since, until"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


@lru_cache(maxsize=64)
def _compiled(template: str) -> jinja2.Template:
    return _environment().from_string(template)


def subject(
    template: str,
    letterhead: Letterhead,
    posts: Sequence[DigestPost],
    since: datetime,
    until: datetime,
) -> str:
    """Render `template` (Jinja2; "" for the period's default) as a subject on one line.

    Raises `TemplateProblem`, which names the configuration key and the available names.
    """
    if is_plain(template):
        return _rendered(template, letterhead, posts, since, until)
    arguments = (template, letterhead, tuple(posts), since, until)
    key = sha256(pickle.dumps(arguments)).digest()
    with _CHILD_LOCK:
        result = _RESULTS[key] if key in _RESULTS else _from_child(arguments)
        _RESULTS[key] = result
        if len(_RESULTS) > _MOST_RESULTS:
            del _RESULTS[next(iter(_RESULTS))]
    if isinstance(result, str):
        return result
    raise TemplateProblem(result)


def _from_child(arguments: tuple[str, Letterhead, tuple[DigestPost, ...], datetime, datetime]) -> str | Message:
    """Return the subject that the child renders, or why it could not."""
    try:
        return _child().run(_rendered, *arguments)
    except LimitExceeded:
        limits = messages.SUBJECT_LIMITS(seconds=CPU_SECONDS, megabytes=MEGABYTES)
        return ABOUT(subject=_key(arguments[1]), message=limits)
    except TemplateProblem as problem:
        return problem.message


_CHILD_LOCK = threading.Lock()
_RESULTS: dict[bytes, str | Message] = {}
_MOST_RESULTS = 200
"""Subjects from the child, or why there are none, by what was asked. One that was rendered before a transaction is
begun isn't rendered again in it, where it would keep others from writing.
"""


@lru_cache(maxsize=1)
def _child() -> Sandbox:
    """Return the child process that renders templates; it is kept until the program ends."""
    child = Sandbox(CPU_SECONDS, MEGABYTES)
    atexit.register(child.close)
    return child


@lru_cache(maxsize=64)
def is_plain(template: str) -> bool:
    """Return whether a template only inserts names and their parts, on conditions: it takes no more than they do.

    So does one that can't be parsed.
    """
    if len(template) > _LONGEST_PLAIN:
        return False
    try:
        parsed = _environment().parse(template)
    except (jinja2.TemplateSyntaxError, RecursionError):
        return True
    return all(_is_plain_node(node) for node in (parsed, *parsed.find_all(nodes.Node)))


def _is_plain_node(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in _PLAIN_FILTERS and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
    return isinstance(node, _PLAIN_NODES)


def _key(letterhead: Letterhead) -> str:
    return f"newsletters.{letterhead.newsletter}.subject"


def _rendered(
    template: str, letterhead: Letterhead, posts: Sequence[DigestPost], since: datetime, until: datetime
) -> str:
    where = _key(letterhead)
    try:
        text = _compiled(template).render(_names(letterhead, posts, since, until))
    except MemoryError:
        raise
    except jinja2.TemplateSyntaxError as error:
        problem = TEXT(words=str(error.message))
        raise TemplateProblem(messages.AT_LINE(file=where, line=error.lineno, problem=problem)) from error
    except jinja2.UndefinedError as error:
        no_post = not posts and "posts" in template
        reason = messages.SUBJECT_WITHOUT_POST() if no_post else TEXT(words=str(error.message))
        message = messages.SUBJECT_NAMES(problem=reason, names=_NAMES)
        raise TemplateProblem(ABOUT(subject=where, message=message)) from error
    except Exception as error:
        problem = TEXT(words=f"{type(error).__name__}: {error}")
        raise TemplateProblem(ABOUT(subject=where, message=problem)) from error
    line = collapse(text)
    if not line:
        raise TemplateProblem(ABOUT(subject=where, message=messages.SUBJECT_RESULT_EMPTY()))
    if len(line) > LONGEST_RESULT:
        problem = messages.SUBJECT_RESULT_LONG(length=len(line), most=LONGEST_RESULT)
        raise TemplateProblem(ABOUT(subject=where, message=problem))
    return line


def _names(letterhead: Letterhead, posts: Sequence[DigestPost], since: datetime, until: datetime) -> dict[str, object]:
    zone = ZoneInfo(letterhead.timezone)
    day = last_day(until, zone)
    return {
        "news": _news(posts, letterhead),
        "newsletter": newsletter_view(letterhead),
        "posts": tuple(posts),
        "week": day.isocalendar().week,
        "week_name": week_name(day.isocalendar().week, letterhead.language),
        "year": day.year,
        "month": month_name(day, letterhead.language),
        "month_year": month_of_year(day, letterhead.language),
        "date": short_date(day, letterhead.language),
        "words": words(letterhead.language),
        "since": since.astimezone(zone),
        "until": until.astimezone(zone),
    }


def _news(posts: Sequence[DigestPost], letterhead: Letterhead) -> str:
    """Return the first headline and the number of further posts; the newsletter's title if there are no posts."""
    if not posts:
        return letterhead.title
    title, others = _title(posts[0]), len(posts) - 1
    if others and _says_little(title) and (second := _title(posts[1])) != title:
        both = f"{title} · {second}"
        title, others = (both, others - 1) if fitting(both, _LONGEST_HEADLINE) == len(both) else (title, others)
    headline = _headline(title)
    if not others or (headline == title and fitting(title, _LONGEST_HEADLINE) < len(title)):
        return headline
    first = headline if headline.endswith("..") else headline.rstrip(_FULL_STOPS)
    language = _language(posts[0], letterhead)
    pattern = words(language)["news"]
    if first.endswith(("?", "!", "？", "！")):
        pattern = pattern.replace("{first},", "{first}").replace("{first}，", "{first}")
    return pattern.format(first=first, count=number(others, language))


def _language(post: DigestPost, letterhead: Letterhead) -> str:
    """Return the language of the words behind a headline: that of its post, if these words are known in it."""
    own = post.language
    return own if own and language_of_words(own) == own else letterhead.language


def _title(post: DigestPost) -> str:
    """Return a post's headline without the mark of a reply, as forums have it."""
    return _REPLY.sub("", collapse(post.title))


def _says_little(title: str) -> bool:
    """Return whether a headline is a number, an abbreviation or a word of one or two characters."""
    is_short = " " not in title and fitting(title, _WIDTH_OF_LITTLE) == len(title)
    return is_short and not _SAYS_SOMETHING.search(title)


def _headline(title: str) -> str:
    """Return a headline for a subject: whole if only a few characters are too many, else cut where it says something.

    That is not behind a short word, such as an article or a preposition, or a number, and not within quotation marks.
    """
    if fitting(title, _LONGEST_HEADLINE + _FEW) == len(title):
        return title
    line = shortened(title, _LONGEST_HEADLINE).removesuffix("…")
    for opening, closing in _QUOTES:
        begin = line.rfind(opening)
        is_open = line.count(opening) % 2 if opening == closing else begin > line.rfind(closing)
        if begin > len(line) // 3 and is_open:
            line = line[:begin].rstrip()
    return without_marks(without_little_words(line)) + "…"


def preheader(posts: Sequence[DigestPost], language: str) -> str:
    """Return the preview text: as many headlines after the first one as fit into 140 characters,
    each once.

    If those are few, the beginning of the first post's text is added, with this program's words in it in `language`.
    """
    line = ""
    titles = dict.fromkeys(map(_title, posts))
    for title in list(titles)[1:]:
        longer = " · ".join(filter(None, (line, title)))
        if len(longer) > _LONGEST:
            break
        line = longer
    if len(line) >= _SHORTEST or not posts:
        return line
    beginning = first_line(with_own_words(posts[0].html, language), _LONGEST) or collapse(posts[0].title)
    return shortened(" · ".join(filter(None, (line, beginning))), _LONGEST)


def beginning(text: str) -> str:
    """Return the preview text of an email without posts: the beginning of an editor's text in Markdown.

    A subscriber's name is left out, with its braces; so are marks of footnotes, the addresses of links, and unless
    there is nothing else, images, addresses of videos and sponsors.
    """
    html = markdown(MARK.sub("", _NAME.sub("", text))) if text.strip() else ""
    if not html:
        return ""
    root = parse(html)
    for link in list(root.iter("a")):
        link.drop_tag()
    all_of_it = serialise(root)
    for element in root.xpath(".//figure | .//p[@class='embed'] | .//div[@data-tint='sponsor']"):
        element.drop_tree()
    return shortened(_in_one_line(root) or collapse(plain(all_of_it)), _LONGEST)


def _in_one_line(root: HtmlElement) -> str:
    """Return the text of a fragment without marks of Markdown; a dot ends headings and the items of lists."""
    for element in root.iter("p", "div", "blockquote", "pre", "td", "th", "br", "hr"):
        element.tail = f" {element.tail or ''}"
    for element in root.iter("li", *HEADINGS):
        element.tail = f" · {element.tail or ''}"
    return _DOTS.sub(" · ", collapse(root.text_content())).strip(" ·")
