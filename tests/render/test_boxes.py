"""Texts of editors in an email: buttons, uploaded images, and the recipient's name."""

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import Digest, DigestPost
from newsletter.domain.encoded_email import Recipient
from newsletter.render.content.markdown import markdown
from newsletter.render.edition import render
from newsletter.render.lint import lint
from newsletter.render.preview import recipient_html, recipient_text
from tests.render.samples import digest, letterhead, post

IMAGE = f"/images/{'0123456789abcdef' * 2}-1104x736.jpg"
BUTTON = "[Les mer](https://blog.example/more){button}"


def _written(text: str) -> DigestPost:
    return post(1, html=markdown(text), written=True)


def _recipient(name: str = "") -> Recipient:
    return Recipient(number=1, address="a@reader.example", token="t", message_id="m", name=name)


def _both(text: str) -> list[Digest]:
    """The text as an introduction, and as a post."""
    return [digest(7, greeting=text), digest([_written(text)])]


def _tree(edition: Digest, name: str = "") -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(recipient_html(render(edition), letterhead(), _recipient(name)))


@pytest.mark.parametrize("place", [0, 1])
def test_a_button_is_a_filled_cell(place: int) -> None:
    tree = _tree(_both(BUTTON)[place])
    (link,) = tree.xpath("//table[@class='button']//td/a[@href='https://blog.example/more']")
    cell = link.getparent()
    for style in (link.get("style"), cell.get("style")):
        assert "background-color:#b3261e" in style.replace(" ", "")
    assert "color:#fff" in link.get("style").replace(" ", "")
    assert "mso-padding-alt" in cell.get("style")
    assert not tree.xpath("//div[@class='wide']//table[@class='button']"), "it needs no box to scroll in"


@pytest.mark.parametrize("place", [0, 1])
def test_a_button_in_plain_text_is_a_link(place: int) -> None:
    text = recipient_text(render(_both(BUTTON)[place]), letterhead(), _recipient())
    assert "Les mer <https://blog.example/more>" in text


@pytest.mark.parametrize("place", [0, 1])
def test_an_uploaded_image_has_its_whole_address_and_half_its_size(place: int) -> None:
    (image,) = _tree(_both(f"![Et hus]({IMAGE})")[place]).xpath(f"//img[@src='https://brev.example.org{IMAGE}']")
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("552", "368", "Et hus")


@pytest.mark.parametrize("place", [0, 1])
def test_the_name_in_braces_becomes_the_recipients_name(place: int) -> None:
    edition = _both("Hei {name|kjære & gode venn}, og {name|kjære & gode venn}!")[place]
    assert "Hei Kari, og Kari!" in _tree(edition, "Kari").text_content()
    assert "Hei kjære & gode venn, og" in _tree(edition).text_content()
    assert "Hei kjære & gode venn, og" in recipient_text(render(edition), letterhead(), _recipient())


def test_the_word_in_braces_of_a_source_stays() -> None:
    edition = digest([post(1, html="<p>Write {name|x} in a template.</p>")])
    assert "Write {name|x} in a template." in _tree(edition, "Kari").text_content()


@pytest.mark.parametrize("place", [0, 1])
def test_lint_finds_nothing_in_all_of_it(place: int) -> None:
    edition = _both(f"Hei {{name|venn}}!\n\n![Et hus]({IMAGE})\n\n{BUTTON}")[place]
    assert [f for f in lint(render(edition), edition) if f.code != "preheader-short"] == []


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("text", "code"), [("Hei {name}!", "name-fallback"), ("Hei {navn|venn}!", "placeholder-unknown")]
)
def test_lint_finds_a_name_without_fallback_and_other_words(place: int, text: str, code: str) -> None:
    edition = _both(text)[place]
    assert code in {f.code for f in lint(render(edition), edition)}


def test_lint_does_not_look_for_words_in_braces_in_a_source() -> None:
    edition = digest([post(1, html="<p>Write {navn|x} in a template.</p>")])
    assert "placeholder-unknown" not in {f.code for f in lint(render(edition), edition)}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "Hello {name|reader}!", ["ltr"]),
        ("ar", "{name|reader}، مرحبا", []),
        ("en", "**שלום** {name|reader}", ["rtl"]),
        ("en", "Hello!\n\nשלום\n\n- אחת\n- 2\n\n2026\n\nBye", ["rtl"]),
        ("ar", "مرحبا\n\n2026\n\nHello", ["ltr"]),
        ("en", "Hello!", []),
    ],
)
def test_paragraphs_in_the_other_direction_than_the_newsletter_say_so(
    language: str, text: str, expected: list[str]
) -> None:
    head = letterhead(language=language)
    html = render(digest([_written("")], letterhead=head, greeting=text)).html
    boxes = lxml_html.document_fromstring(html).xpath("//div[@dir and @class=@dir]")
    assert [box.get("dir") for box in boxes] == expected
