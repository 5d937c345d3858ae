"""What the check says about keys for images that have no effect, and about newsletters that were renamed."""

from dataclasses import replace
from typing import Any

import pytest

from newsletter import config
from newsletter.config import Theme
from newsletter.domain.check import Verdict
from newsletter.scheduling import checks
from tests.factories import configured
from tests.sending.outbox_samples import subscribe

pytestmark = pytest.mark.django_db


def warnings(theme: Theme, **keys: Any) -> list[str]:
    configuration = config.use(replace(configured(theme=theme, **keys), allow_local_links=True))
    return [str(check.message) for check in checks.run(configuration) if str(check.about).endswith("images")]


def test_keys_that_choose_images_have_no_effect_without_images() -> None:
    (said,) = warnings(Theme(images="first", image_height=300), images="none")
    assert said.endswith("so this has no effect: theme.images, theme.image_height")


@pytest.mark.parametrize(("design", "body"), [("plain", "excerpt"), ("brief", "full")])
def test_a_design_that_shows_no_images_is_named(design: Any, body: str) -> None:
    (said,) = warnings(Theme(images="lead", design=design), body=body)
    assert design in said


@pytest.mark.parametrize(
    "theme", [Theme(), Theme(images="lead"), Theme(images="first", design="magazine"), Theme(design="plain")]
)
def test_keys_that_fit_are_no_finding(theme: Theme) -> None:
    assert warnings(theme) == []


def test_subscribers_of_a_newsletter_that_was_renamed_are_told() -> None:
    subscribe(["r@reader.example", "s@reader.example"])
    configuration = configured()
    newsletter = replace(configuration.newsletters["kinaforum"], name="other")
    renamed = config.use(replace(configuration, newsletters={"other": newsletter}))
    said = [str(check.message) for check in checks.run(renamed) if check.verdict == Verdict.WARNING]
    assert any(text.startswith("2 subscribers of kinaforum get nothing, since") for text in said)
    config.use(configuration)
    assert not any("get nothing" in str(check.message) for check in checks.run(configuration))
