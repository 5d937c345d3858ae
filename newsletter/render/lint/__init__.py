"""What can be wrong with a mail, looked at before it leaves."""

from newsletter.mail import Digest, Finding, Rendered


def lint(rendered: Rendered, digest: Digest, *, maximum_size: int = 100_000) -> tuple[Finding, ...]:
    """All findings, errors first."""
    raise NotImplementedError
