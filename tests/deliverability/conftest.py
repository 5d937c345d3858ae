"""Private keys are read once: reading one checks it, which takes longer than all else that these tests do."""

from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.delivery import dkim_keys

READ = cache(load_pem_private_key)


@pytest.fixture(autouse=True)
def keys_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what was read for the next test."""
    monkeypatch.setattr(dkim_keys, "load_pem_private_key", READ)
