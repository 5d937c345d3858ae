"""Run the command line in this process, which is faster."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.__main__ import main
from newsletter.cli import common
from tests import settings
from tests.doubles.feeds import Blog, Web, article
from tests.factories import DAY, NOW

CONFIG = settings.TEXT.partition("[newsletters.daily]")[0] + '[delivery]\nprovider = "file"\n'


@dataclass(frozen=True)
class Ended:
    """The exit status and output of a command."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document that it printed, and nothing beside it."""
        assert self.err == ""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line of its error."""
        assert self.err.count("\n") == 1, self.err
        assert self.out == "", self.out
        return self.err.rstrip()


Run = Callable[..., Ended]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `newsletter …` in a folder that has a config.toml; fails unless it ends with `status`."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(common, "_options", common.Options())  # each call sets them; afterwards they are as before

    def run(*words: object, status: int = 0) -> Ended:
        monkeypatch.setattr(sys, "argv", ["newsletter", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code == status, f"{words}: {ended.value.code}\n{printed.out}\n{printed.err}"
        return Ended(status, printed.out, printed.err)

    return run


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The blog behind the configured source, with three articles."""
    blog = Blog("http://127.0.0.1:9/")
    blog.articles = [article("a", NOW - DAY), article("b", NOW - 2 * DAY), article("c", NOW - 3 * DAY)]
    monkeypatch.setattr("newsletter.collecting.collect.read", Web({blog.address: blog}).read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    return blog
