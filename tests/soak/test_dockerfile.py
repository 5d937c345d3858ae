"""The Dockerfile's steps in a chroot: the image is built, runs without rights, and its health check passes."""

import os
from pathlib import Path

import pytest

from tests.soak.dockerfile import build, instructions

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[2]
CONFIG = """
[site]
url = "http://127.0.0.1:8000"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
"""


def test_the_image_runs_and_is_healthy(tmp_path: Path) -> None:
    image = build(ROOT, tmp_path)
    assert (image.user, image.folder) == ("newsletter", "/site")
    site = image.root / "site"
    assert site.stat().st_uid == 10001
    (site / "config.toml").write_text(CONFIG, encoding="utf-8")
    os.chown(site / "config.toml", 10001, 10001)
    assert image.run("id -u").strip() == "10001"
    assert "newsletter" in image.run("newsletter --version")
    assert "ended with 0" in image.serve()
    assert (site / "newsletter.db").stat().st_uid == 10001
    image.run("python -c 'import psycopg, procrastinate'")
    image.run("test ! -e /src")


def test_every_instruction_is_one_that_the_test_carries_out() -> None:
    words = {word for word, _rest in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))}
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "HEALTHCHECK", "ENTRYPOINT", "CMD", "EXPOSE", "VOLUME"}
    assert words <= known
