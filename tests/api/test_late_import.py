"""A site without clients of the API doesn't load its framework."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

ASK = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml").absolute()))
from django.test import Client
from django.urls import resolve, reverse
Client(headers={"host": "localhost"}).get("/")
reverse("desk:login"), resolve("/desk/")
print("ninja" in sys.modules)
print(reverse("api:explain_problem", args=("a",)), "ninja" in sys.modules)
"""
SOURCE = """
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""


def test_the_framework_is_loaded_when_the_api_is_asked_for(tmp_path: Path) -> None:
    site = Site(tmp_path, with_kinaforum(SOURCE))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=site.folder,
        env=site.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "/api/v1/problems/a", "True"]
