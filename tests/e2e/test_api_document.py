"""The examples of docs/api.md, run in their order against the real program."""

import contextlib
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.events import signed_post
from tests.conftest import Site
from tests.e2e import running_api

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.e2e
def test_the_examples_do_what_the_document_says(site: Callable[[str], Site], monkeypatch: pytest.MonkeyPatch) -> None:
    api = running_api.run(site)
    monkeypatch.setenv("NEWSLETTER_TOKEN", api.token)
    monkeypatch.setenv("NEWSLETTER_URL", api.url)
    names: dict[str, object] = {}
    for example in EXAMPLES:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(example, str(DOCUMENT), "exec"), names)
        assert said.getvalue().splitlines() == re.findall(r"^print\(.*\)  # (.*)$", example, re.MULTILINE), example
    assert len(EXAMPLES) >= 8
    checked = names["is_genuine"]
    assert callable(checked)
    body = b'{"type": "edition.sent"}'
    signed = signed_post.signature(secret := signed_post.new_secret(), "msg_1", body, int(time.time()))
    assert checked(secret, signed, body)
    assert not checked(secret, signed, body + b" ")
    assert [row["name"] for row in api.site.json("tokens", "list")] == ["the examples"]
    api.site.run("tokens", "revoke", api.key)
    assert api.ask("GET", "/newsletters").status_code == 401
