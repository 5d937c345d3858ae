"""Checks of values in config.toml that are templates or filters: whether they work."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsletter.config import Config, ConfigProblem, Newsletter
from newsletter.config.document import KeyPath
from newsletter.config.toml import dotted
from newsletter.domain.digest import Digest, DigestPost
from newsletter.editions.letterheads import letterhead
from newsletter.messages import Message
from newsletter.render.edition import render
from newsletter.render.grouping import group
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.subject import subject
from subscribers.models import WhereProblem, parse_where

SAMPLE_TIME = datetime(2026, 2, 6, 12, tzinfo=UTC)


def problem_of_text(configuration: Config, path: KeyPath) -> ConfigProblem | None:
    """Return what is wrong with a newsletter's subject, template or filter at this path; None for other keys."""
    newsletter = configuration.newsletters.get(str(path[1])) if path[0] == "newsletters" and len(path) > 2 else None
    if newsletter is None:
        return None
    cadence = next((name for name in newsletter.offered if path[2:4] == ("cadence", name)), None)
    problem = _problem(configuration, newsletter.at(cadence) if cadence else newsletter, str(path[-1]))
    return ConfigProblem(dotted(path), problem) if problem else None


def _problem(configuration: Config, newsletter: Newsletter, key: str) -> Message | None:
    try:
        if key == "where":
            parse_where(newsletter.where)
        elif key == "subject":
            try_subject(configuration, newsletter)
        elif key == "template":
            try_templates(configuration, newsletter)
    except (TemplateProblem, WhereProblem) as problem:
        return problem.message
    return None


def try_subject(configuration: Config, newsletter: Newsletter) -> str:
    """Return the subject of a sample edition. Raises TemplateProblem."""
    head = letterhead(configuration, newsletter)
    return subject(newsletter.subject, head, [_sample_post()], SAMPLE_TIME, SAMPLE_TIME)


def try_templates(configuration: Config, newsletter: Newsletter) -> None:
    """Render a sample edition with the newsletter's templates. Raises TemplateProblem."""
    head, zone = letterhead(configuration, newsletter), ZoneInfo(newsletter.timezone)
    groups = group([_sample_post()], by=newsletter.group_by, order="given", zone=zone, language=newsletter.language)
    sample = Digest("check/2026-W06", head, SAMPLE_TIME, SAMPLE_TIME, newsletter.title, "", groups)
    render(sample, configuration.folder / "templates")


def _sample_post() -> DigestPost:
    text = "<p>Some text.</p>"
    return DigestPost("1", "https://example.org/a", "A headline", text, published=SAMPLE_TIME, language="en")
