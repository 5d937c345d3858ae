"""Where templates are loaded from, and the messages about broken ones."""

import os
from pathlib import Path

import pytest

from newsletter.domain.digest import Rendered
from newsletter.render.edition import render
from newsletter.render.html.loader import TemplateProblem, render_template, shipped_folder
from tests.render.samples import digest, post


def rendered_with(folder: Path, name: str, text: str) -> Rendered:
    (folder / name).write_text(text, encoding="utf-8")
    return render(digest(), folder)


def problem(folder: Path, name: str, text: str) -> str:
    with pytest.raises(TemplateProblem) as caught:
        rendered_with(folder, name, text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_publishers_file_comes_first_and_the_rest_are_shipped(tmp_path: Path) -> None:
    rendered = rendered_with(tmp_path, "edition.txt", "Own: {{ newsletter.title }}")
    assert rendered.text == "Own: Kaffebrevet\n"
    assert "fredag 6. februar 2026" in rendered.html


def test_a_publishers_file_may_extend_the_one_that_it_replaces(tmp_path: Path) -> None:
    child = '{% extends "shipped/edition.mjml" %}\n{% block greeting %}<p>Own words</p>{% endblock %}\n'
    html = rendered_with(tmp_path, "edition.mjml", child).html
    assert "Own words" in html
    assert "Post 3" in html


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert rendered_with(tmp_path, "edition.txt", "one").text == "one\n"
    (tmp_path / "edition.txt").write_text("two")
    os.utime(tmp_path / "edition.txt", (1, 1))
    assert render(digest(), tmp_path).text == "two\n"


def test_an_unknown_name(tmp_path: Path) -> None:
    message = problem(tmp_path, "edition.mjml", "<mjml>\n\n{{ newsletter.titel }}\n</mjml>")
    assert message.startswith("templates/edition.mjml line 3: ")
    assert "titel" in message
    assert "docs/templates.md" in message


def test_a_syntax_error(tmp_path: Path) -> None:
    assert problem(tmp_path, "edition.txt", "a\n{% if %}\n").startswith("templates/edition.txt line 2: ")


def test_an_expression_that_fails(tmp_path: Path) -> None:
    message = problem(tmp_path, "edition.txt", "a\nb\n{{ 1 / 0 }}")
    assert message == "templates/edition.txt line 3: ZeroDivisionError: division by zero"


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    message = problem(tmp_path, "content.css", "p { color: red }\n{{ nothing }}\n")
    assert message.startswith("templates/content.css line 2: ")


def test_a_missing_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateProblem, match=r"there is no template 'nowhere\.txt'"):
        render_template("nowhere.txt", {}, tmp_path)


def test_templates_cannot_reach_python(tmp_path: Path) -> None:
    assert "unsafe" in problem(tmp_path, "edition.txt", "{{ newsletter.__class__.__mro__ }}")
    assert "unsafe" in problem(tmp_path, "edition.txt", "{{ newsletter.colours.__class__ }}")


def test_mjml_that_is_not_closed_names_the_templates_line(tmp_path: Path) -> None:
    text = "<mjml>\n<mj-body>\n{% for group in groups %}\n<mj-section>\n{% endfor %}\n</mj-body>\n</mjml>"
    assert problem(tmp_path, "edition.mjml", text) == (
        "templates/edition.mjml line 6: </mj-body> closes nothing; <mj-section> of line 4 is still open"
    )


def test_an_unknown_tag(tmp_path: Path) -> None:
    text = "<mjml>\n<mj-body>\n<mj-selection></mj-selection>\n</mj-body></mjml>"
    assert problem(tmp_path, "edition.mjml", text) == (
        "templates/edition.mjml line 3: <mj-selection> is not a tag that works in emails here"
    )


def test_the_shipped_folder_is_there() -> None:
    assert (shipped_folder() / "edition.mjml").is_file()


def test_mjml_that_only_the_converter_refuses(tmp_path: Path) -> None:
    text = "<mjml>\n<mj-body>\n<![CDATA[x]]>\n</mj-body></mjml>"
    message = problem(tmp_path, "edition.mjml", text)
    assert message.startswith("templates/edition.mjml: MJML can't be read: ")
    assert message.endswith("(line 3 of the resulting MJML)")


def test_a_layout_that_is_not_closed(tmp_path: Path) -> None:
    message = problem(tmp_path, "layout.mjml", "<mjml>\n<mj-body>{% block body %}{% endblock %}\n</mjml>")
    assert message == "templates/layout.mjml line 3: </mjml> closes nothing; <mj-body> of line 2 is still open"


def test_a_selector_that_cannot_be_inlined(tmp_path: Path) -> None:
    message = problem(tmp_path, "content.css", "p:nth-child { color: red }")
    assert message.startswith("templates/content.css: a selector can't be inlined: ")


def test_an_element_that_inlining_would_lose_is_an_error(tmp_path: Path) -> None:
    deep = "<b>" * 252 + '<a href="https://x.example/">x</a>' + "</b>" * 252
    with pytest.raises(TemplateProblem, match=r"^templates/edition\.mjml: inlining the styles changed the number of"):
        render(digest([post(0, html=deep)]), tmp_path)


def test_a_link_may_stand_twice(tmp_path: Path) -> None:
    link = '<a href="{{ links.unsubscribe }}">Leave</a>'
    text = f"<mjml><mj-body><mj-raw>{link}{link}</mj-raw></mj-body></mjml>"
    rendered = rendered_with(tmp_path, "edition.mjml", text)
    (name,) = [name for name, slot in rendered.placeholders if slot.form == "html"]
    assert rendered.html.count(name) == 2
