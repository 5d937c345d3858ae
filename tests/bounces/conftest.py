"""What the tests of bounces share: a configuration with a return path."""

from dataclasses import replace

import pytest

from newsletter import config
from newsletter.config import Bounces, Config
from tests.bounces.returned_mails import BARE


@pytest.fixture
def settings() -> Config:
    """The tests' configuration with a return path."""
    return config.use(replace(config.current(), bounces=Bounces(return_path=BARE)))
