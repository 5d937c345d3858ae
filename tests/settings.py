"""Django's settings in tests: a configuration of their own, in memory where it can be."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from newsletter import config

FOLDER = Path(tempfile.mkdtemp(prefix="newsletter-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
TEXT = """
[site]
url = "http://localhost:8000"
database = "sqlite:///newsletter.db"
secret_key = "for tests only, and long enough to be a key of the usual length"

[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["redaksjon@example.org"]

[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"

[newsletters.daily]
title = "Daglig"
language = "en"
from = "daglig@example.org"
address = "1 Example Street"
period = "day"

[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/daily"

[collect]
allow_private_addresses = true
"""
config.use(config.parse(TEXT, FOLDER / "config.toml"))

from newsletter.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if server := os.environ.get("NEWSLETTER_TEST_DATABASE"):
    from newsletter.settings import _database

    DATABASES = {"default": _database(server)}
    # The database of the tests begins with the tables of this one, which takes a moment; the migrations take seconds.
    DATABASES["default"]["TEST"] = {"TEMPLATE": DATABASES["default"]["NAME"]}
