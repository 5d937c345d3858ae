"""What can be wrong with a mail, looked at before it leaves.

Every rule looks at the rendered mail alone, as its readers' programs will, and gives findings with a stable code
(`CODES`), a sentence and a place. Errors stop an approval; warnings are for people to weigh.
"""

from collections.abc import Callable, Iterator

from newsletter.mail import Digest, Finding, Level, Rendered
from newsletter.render.lint import clients, contrast, envelope, links, posts, structure
from newsletter.render.lint.codes import CODES, Code
from newsletter.render.lint.look import Look

__all__ = ["CODES", "RULES", "Code", "lint"]

Rule = Callable[[Look], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    envelope.subject,
    envelope.preheader,
    envelope.weight,
    envelope.style_sheets,
    envelope.placeholders,
    envelope.sender,
    envelope.braces,
    structure.doctype,
    structure.mso_balance,
    structure.language,
    structure.headings,
    posts.something,
    posts.posts,
    links.links,
    links.repeated,
    links.pictures,
    contrast.light,
    contrast.dark,
    clients.clients,
)


def lint(rendered: Rendered, digest: Digest, *, maximum_size: int = 100_000) -> tuple[Finding, ...]:
    """All findings about the mail, errors first, each once."""
    look = Look(rendered, digest, maximum_size)
    found = dict.fromkeys(finding for rule in RULES for finding in rule(look))
    return tuple(sorted(found, key=lambda finding: finding.level is not Level.ERROR))
