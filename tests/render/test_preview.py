"""An edition as one recipient, or anybody, sees it."""

from lxml import html as lxml_html

from newsletter.render.edition import render
from newsletter.render.preview import public_html, recipient_html, recipient_text
from tests.render.samples import digest, letterhead, recipient


def test_a_recipient_sees_their_own_links() -> None:
    rendered = render(digest())
    for shown in (
        recipient_html(rendered, letterhead(), recipient()),
        recipient_text(rendered, letterhead(), recipient()),
    ):
        assert f"https://brev.example.org/u/{recipient().token}" in shown
        assert f"https://brev.example.org/p/{recipient().token}" in shown
        assert not any(name in shown for name, _ in rendered.placeholders)


def test_the_public_page_has_no_personal_links_and_no_sentences_for_subscribers() -> None:
    rendered = render(digest(greeting="Hei {name|kaffevenn}!"))
    page = public_html(rendered, letterhead())
    assert page.startswith("<!DOCTYPE html>")
    assert "Hei kaffevenn!" in page
    assert "Post 3" in page
    assert "Postboks 1, 0001 Oslo" in page
    assert "/u/" not in page
    assert "Meld deg av" not in page
    assert "fordi du abonnerer" not in page
    assert not any(name in page for name, _ in rendered.placeholders)


def test_the_subject_on_a_coloured_band_has_the_colour_of_the_title_there() -> None:
    head = letterhead(design="cards", accent="#102040")
    heading = lxml_html.document_fromstring(public_html(render(digest(letterhead=head)), head)).find_class("subject")[0]
    assert "color:#fff" in heading.get("style").replace(" ", "")
