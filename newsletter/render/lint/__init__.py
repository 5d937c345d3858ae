"""Checks of an email before it is sent.

Every rule looks at the rendered mail alone, as its readers' programs will, and gives findings with a stable code
(`CODES`), a sentence and a place. Errors stop an approval; warnings are for people to weigh.
"""

from collections.abc import Callable, Iterator

from newsletter.domain.digest import Digest, Finding, Level, Rendered
from newsletter.render.edition import listed
from newsletter.render.lint import clients, contrast, envelope, placeholders, posts, structure
from newsletter.render.lint.codes import CODES
from newsletter.render.lint.parsed_email import ParsedEmail
from newsletter.render.lint.raw_markdown import raw_markdown

__all__ = ["CODES", "RULES", "lint"]

Rule = Callable[[ParsedEmail], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    envelope.subject,
    envelope.preheader,
    envelope.first_words,
    envelope.weight,
    envelope.style_sheets,
    placeholders.placeholders,
    envelope.sender,
    placeholders.braces,
    placeholders.names,
    placeholders.unknown,
    raw_markdown,
    structure.doctype,
    structure.mso_balance,
    structure.language,
    structure.headings,
    posts.something,
    posts.posts,
    posts.rest,
    posts.blocks,
    posts.block_links,
    structure.links,
    structure.repeated,
    structure.pictures,
    structure.videos,
    structure.not_hosted,
    contrast.light,
    contrast.dark,
    clients.clients,
)


def lint(rendered: Rendered, digest: Digest, *, maximum_size: int = 100_000) -> tuple[Finding, ...]:
    """Return all findings about the email, errors first, each once."""
    digest = listed(digest, len(digest.posts) - len(rendered.unlisted))
    email = ParsedEmail(rendered, digest, maximum_size)
    findings = dict.fromkeys(finding for rule in RULES for finding in rule(email))
    return tuple(sorted(findings, key=lambda finding: finding.level is not Level.ERROR))
