"""docs/templates.md lists every lint code, fact and name."""

from pathlib import Path

import pytest

from newsletter.domain.encoded_email import SlotEncoding
from newsletter.render.lint import CODES
from newsletter.render.lint.clients import FACTS, Fact
from newsletter.render.placeholders import Placeholders
from newsletter.render.post_view import PostView
from newsletter.render.scope import Scope
from newsletter.render.template_context import edition_context
from tests.render.samples import digest

TEXT = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_code_with_its_level(code: str) -> None:
    assert f"| `{code}` | {CODES[code]} |" in TEXT


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.source)
def test_every_fact(fact: Fact) -> None:
    assert f"<{fact.source}>" in TEXT


def test_every_name_that_templates_see() -> None:
    context = edition_context(digest(), Scope(Placeholders(), SlotEncoding.TEXT))
    names = {*context, *context["newsletter"], *context["edition"], *context["words"], *context["links"]}
    names |= set(PostView.__dataclass_fields__)
    missing = {name for name in names if f"`{name}`" not in TEXT and f"`{name}(" not in TEXT}
    assert missing == set()
