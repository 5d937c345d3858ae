"""Letters to one person."""

from pathlib import Path

import pytest

from newsletter.render.letter import letter
from newsletter.render.loader import TemplateProblem
from tests.render.samples import letterhead

CHILD = (
    '{% extends "layout.mjml" %}{% block body %}'
    "<mj-section><mj-column><mj-text><p>{{ word }}</p></mj-text></mj-column></mj-section>{% endblock %}"
)


def write(folder: Path, text: str) -> None:
    (folder / "letters").mkdir()
    (folder / "letters" / "hello.txt").write_text(text)
    (folder / "letters" / "hello.mjml").write_text(CHILD)


def test_subject_text_and_html(tmp_path: Path) -> None:
    write(tmp_path, "{# A comment #}\nSubject: Hello {{ word }}\n\nText, {{ word }}.\n")
    rendered = letter("hello", letterhead(), {"word": "<you>"}, tmp_path)
    assert rendered.subject == "Hello <you>"
    assert rendered.text == "Text, <you>.\n"
    assert "&lt;you&gt;</p>" in rendered.html
    assert "<title>Hello &lt;you&gt;</title>" in rendered.html
    assert "Postboks 1, 0001 Oslo" in rendered.html


def test_the_subject_line_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "Hello\n")
    with pytest.raises(TemplateProblem, match=r'^templates/letters/hello\.txt line 1: write "Subject: …"'):
        letter("hello", letterhead(), {"word": ""}, tmp_path)
