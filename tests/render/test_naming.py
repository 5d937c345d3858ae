"""Sentences are complete for recipients without a name, in HTML, in text and on the public page."""

import email
import email.policy

import pytest
from hypothesis import given, settings, strategies as st
from lxml import html as lxml_html

from newsletter.domain.digest import Rendered
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.edition import render
from newsletter.render.lint import lint
from newsletter.render.message import encoded
from newsletter.render.preview import public_html, recipient_html, recipient_text
from tests.message_bodies import body_of
from tests.render.samples import UNTIL, digest, letterhead, recipient

NAMED, NAMELESS = recipient(name="Åse"), recipient()


def shown(rendered: Rendered, name: str) -> tuple[str, str]:
    """Return the greeting for a recipient of this name, in HTML and in text."""
    one = recipient(name=name)
    page = lxml_html.document_fromstring(recipient_html(rendered, letterhead(), one))
    html = " ".join(page.find_class("words")[0].text_content().split())
    text = recipient_text(rendered, letterhead(), one).partition("feb. 2026\n")[2].partition("Ingen nye saker")[0]
    return html, " ".join(text.split())


@pytest.mark.parametrize(
    ("written", "nameless"),
    [
        ("Hei {name}!", "Hei!"),
        ("Hei, {name}!", "Hei!"),
        ("Hei {name},", "Hei,"),
        ("Kjære {name}", "Kjære"),
        ("Hei, {name}", "Hei"),
        ("Hei {name} og velkommen.", "Hei og velkommen."),
        ("Hei, {name} og velkommen.", "Hei, og velkommen."),
        ("Hei **{name}**!", "Hei!"),
        ("Hei *{name}*, takk", "Hei, takk"),
        ("**Hei** {name}!", "Hei!"),
        ("Takk ({name}).", "Takk."),
        ("{name}, velkommen!", "velkommen!"),
        ("Hei\n{name}!", "Hei!"),
        ("- Hei {name}!", "Hei!"),
        ("Hei {name|du}!", "Hei du!"),
        ("Hei {name}, sier {name}!", "Hei, sier!"),
    ],
)
def test_the_text_around_a_missing_name_is_closed_up(written: str, nameless: str) -> None:
    rendered = render(digest(0, greeting=written))
    html, text = shown(rendered, "")
    assert html == nameless
    assert text.removeprefix("- ") == nameless
    named = " ".join(
        written.replace("*", "").removeprefix("- ").replace("{name}", "Åse").replace("{name|du}", "Åse").split()
    )
    assert (shown(rendered, "Åse")[0], shown(rendered, "Åse")[1].removeprefix("- ")) == (named, named)


def test_the_public_page_and_the_sent_mail_say_the_same() -> None:
    rendered = render(digest(greeting="Hei, **{name}**!"))
    mail_of = MessageBuilder(encoded(rendered, letterhead(), date=UNTIL))
    assert "Hei<strong" in public_html(rendered, letterhead())
    for one, wanted in ((NAMELESS, "Hei!"), (NAMED, "Hei, Åse!")):
        mail = email.message_from_bytes(b"".join(mail_of.build(one).pieces), policy=email.policy.default)
        text, html = (body_of(mail, kind) for kind in ("plain", "html"))
        assert wanted in text.splitlines()
        assert wanted in lxml_html.document_fromstring(html).text_content()


def test_the_text_for_recipients_without_a_name_is_no_html() -> None:
    written = "<img src=x onerror=alert(1)> & co"
    rendered = render(digest(greeting=f"Hei {{name|{written}}}!"))
    for html in (public_html(rendered, letterhead()), recipient_html(rendered, letterhead(), NAMELESS)):
        page = lxml_html.document_fromstring(html)
        assert page.xpath("//@onerror") == []
        assert f"Hei {written}!" in page.text_content()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["Hei", "{name}", ",", " ", "!", "(", ")", "*", "\n", "\n\n", "- ", "å"]), max_size=12))
def test_a_recipient_with_a_name_always_reads_what_was_written(pieces: list[str]) -> None:
    written = "".join(pieces)
    one, other = render(digest(greeting=written)), render(digest(greeting=written.replace("{name}", "Åse")))
    for read in (recipient_html, recipient_text):
        unlinked = [read(r, letterhead(), NAMED) for r in (one, other)]
        assert unlinked[0] == unlinked[1]


def test_lint_asks_for_a_fallback() -> None:
    edition = digest(greeting="Hei {name}!")
    assert [(f.code, f.level) for f in lint(render(edition), edition)] == [("name-fallback", "warning")]


@pytest.mark.parametrize("word", ["{navn}", "{Name}", "{ name }", "{names|x}", "{first name}", "{name }"])
@pytest.mark.parametrize("field", ["greeting", "closing", "subject"])
def test_lint_names_a_placeholder_that_does_not_exist(word: str, field: str) -> None:
    edition = digest(**{field: f"Hei {word}! Her er ukens saker"})
    found = {(f.code, f.where) for f in lint(render(edition), edition) if f.code != "braces"}
    assert found == {("placeholder-unknown", field)}


@pytest.mark.parametrize("text", ["`{navn}`", "    {navn}", "a {b", "a } b {", "{}", "{1}", "{{ x }}", "f{name|du}"])
def test_other_braces_are_no_placeholders(text: str) -> None:
    edition = digest(greeting=f"Ord\n\n{text}")
    assert "placeholder-unknown" not in {f.code for f in lint(render(edition), edition)}


def test_doubled_braces_are_left_for_lint_to_find() -> None:
    edition = digest(greeting="Hei {{name}}!")
    assert {f.code for f in lint(render(edition), edition)} == {"braces"}
