"""What editors write beyond paragraphs, in an email of each design and in its text part."""

import re

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import Digest
from newsletter.render.content.markdown import markdown
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, letterhead, post

IMAGES = [f"/images/{digit * 32}-1104x736.jpg" for digit in "123"]
TEXT = f"""An introduction with a [link](https://blog.example/).

![A harbour]({IMAGES[0]} "The harbour at dawn")

![One]({IMAGES[0]} "First")
![Two]({IMAGES[1]})

![One]({IMAGES[0]})
![Two]({IMAGES[1]})
[![Three]({IMAGES[2]})](https://blog.example/three)

![Half]({IMAGES[2]}){{width=50%}}

::: note
### A note

- one
- two

| Day | Time |
| --- | ---: |
| Mon | 10:00 |
:::

::: tip
[Read more](https://blog.example/more){{button}}
:::

::: warning
![Full]({IMAGES[1]})
:::

::: sponsor
**Beans** sell [beans](https://beans.example/).
:::

https://www.youtube.com/watch?v=abcdefg

https://pod.example/episode-12.mp3

---

The end.
"""
DESIGNS = ("letter", "magazine", "brief", "plain")


def _edition(design: str, place: str) -> Digest:
    head = letterhead(design=design)
    if place == "introduction":
        return digest([post(1)], letterhead=head, greeting=TEXT)
    return digest([post(1, html=markdown(TEXT), written=True), post(2)], letterhead=head)


@pytest.mark.parametrize("place", ["introduction", "post"])
@pytest.mark.parametrize("design", DESIGNS)
def test_lint_finds_nothing_in_any_design(design: str, place: str) -> None:
    edition = _edition(design, place)
    assert lint(render(edition), edition) == ()


@pytest.mark.parametrize("place", ["introduction", "post"])
def test_images_are_as_wide_as_their_place(place: str) -> None:
    tree = lxml_html.document_fromstring(render(_edition("letter", place)).html)
    widths = {
        alt: [image.get("width") for image in tree.xpath(f"//img[@alt='{alt}']")] for alt in ("A harbour", "Half")
    }
    assert widths == {"A harbour": ["552"], "Half": ["276"]}
    first, second = tree.xpath("//table[@class='pictures']")
    assert [cell.get("width") for cell in first.xpath(".//td")] == ["49%", "2%", "49%"]
    assert [image.get("width") for image in first.xpath(".//img")] == ["270", "270"]
    assert [image.get("width") for image in second.xpath(".//img")] == ["176", "176", "176"]
    assert tree.xpath("//img[@alt='Full']/@width") == ["518"]
    assert second.xpath(".//a[@href='https://blog.example/three']/img[@alt='Three']")
    assert not tree.xpath("//*[@data-column or @data-width or @data-tint or @data-url]")


@pytest.mark.parametrize("place", ["introduction", "post"])
def test_a_tint_is_a_cell_with_padding_and_a_background(place: str) -> None:
    tree = lxml_html.document_fromstring(render(_edition("letter", place)).html)
    cells = tree.xpath("//table[@class='callout']/tbody/tr/td")
    assert [cell.get("class") for cell in cells] == [
        f"tinted tinted-{tint}" for tint in ("note", "tip", "warning", "sponsor")
    ]
    for cell in cells:
        assert "background-color:#" in cell.get("style")
        assert "padding:14px" in cell.get("style")
    assert cells[3].xpath("p[1]/text()") == ["Annonse"]
    assert cells[0].xpath(".//div[@class='wide']/table//td[contains(@style, 'padding:4px')]")


def test_the_word_for_sponsors_is_english_where_no_other_is_known() -> None:
    edition = digest([post(1)], letterhead=letterhead(language="cy"), greeting="::: sponsor\nText\n:::")
    tree = lxml_html.document_fromstring(render(edition).html)
    (label,) = tree.xpath("//td[contains(@class, 'tinted-sponsor')]/p[@class='meta']")
    assert (label.text, label.get("lang")) == ("Sponsored", "en")


@pytest.mark.parametrize("place", ["introduction", "post"])
def test_the_text_part_says_everything(place: str) -> None:
    text = render(_edition("letter", place)).text
    for line in (
        "[A harbour]\n\nThe harbour at dawn\n",
        "[One]\n\nFirst\n\n[Two]\n",
        "[Three] <https://blog.example/three>",
        "Day | Time\nMon | 10:00",
        "Read more <https://blog.example/more>",
        "[Annonse]\n\nBeans sell beans <https://beans.example/>.",
        "▶ Se videoen: https://www.youtube.com/watch?v=abcdefg",
        "▶ Lytt: https://pod.example/episode-12.mp3",
        "* * *\n\nThe end.",
    ):
        assert line in text, line


def test_boxes_differ_without_colours_and_images() -> None:
    text = "\n\n".join(f"::: {tint}\nWords.\n:::" for tint in ("note", "tip", "warning"))
    rendered = render(digest([], standalone=True, greeting=text, letterhead=letterhead(language="de")))
    for label in ("ℹ️\u00a0Hinweis", "💡\u00a0Tipp", "⚠️\u00a0Achtung"):
        assert f">{label}</p>" in rendered.html
        assert f"{label}\n\nWords." in rendered.text.replace(" ", "\u00a0")


@pytest.mark.parametrize("first", ["**Warning:** the storm comes.", "### The storm comes"])
def test_a_box_that_says_what_it_is_has_only_an_icon(first: str) -> None:
    rendered = render(
        digest([], standalone=True, greeting=f"::: warning\n{first}\n:::", letterhead=letterhead(language="en"))
    )
    assert rendered.text.count("Warning") == first.count("Warning")
    assert "⚠️ " in rendered.text.replace("\u00a0", " ")


NOTES = (
    "Tickets cost the same.[^1] Boats sail[^b], says `[^1]`.[^1]\n\n"
    "[^1]: Until *June*.\n[^b]: https://boats.example/\n\nSee you"
)


def test_footnotes_lead_down_and_back() -> None:
    rendered = render(digest([], standalone=True, greeting=NOTES))
    tree = lxml_html.document_fromstring(rendered.html)
    first, again = tree.xpath("//a[.='[1]']")
    (other,) = tree.xpath("//a[.='[2]']")
    notes = tree.xpath("//ol[@class='notes']/li")
    assert "border-top:1px solid" in notes[0].getparent().get("style").replace(": ", ":")
    assert [f"#{note.get('id')}" for note in notes] == [first.get("href"), other.get("href")]
    assert again.get("href") == first.get("href")
    assert [note.xpath("a[.='↑']/@href") for note in notes] == [[f"#{first.get('id')}"], [f"#{other.get('id')}"]]
    assert notes[0].find("em").text == "June"
    assert "Tickets cost the same.[1] Boats sail[2], says [^1].[1]" in rendered.text
    assert "See you\n\n1. Until June.\n2. https://boats.example/\n" in rendered.text
    assert tree.xpath("//code/text()") == ["[^1]"]


def test_footnotes_of_several_texts_are_apart() -> None:
    entry = post(1, html=markdown("Boats.[^1]\n\n[^1]: Three."), written=True)
    rendered = render(digest([entry], greeting=NOTES, closing="Bye.[^1]\n\n[^1]: Soon."))
    tree = lxml_html.document_fromstring(rendered.html)
    identifiers = tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers)) == 8
    assert {href[1:] for href in tree.xpath("//a[starts-with(@href, '#')]/@href")} == set(identifiers)


def test_marks_and_notes_without_the_other_stay_and_are_reported() -> None:
    for text in ("Boats.[^1]", "[^1]: Three.", "Boats.[^2]\n\n[^1]: Three."):
        edition = digest([], standalone=True, greeting=text)
        rendered = render(edition)
        assert text in rendered.text
        assert "raw-markdown" in [finding.code for finding in lint(rendered, edition)]
    complete = digest([], standalone=True, greeting=NOTES)
    assert "raw-markdown" not in [finding.code for finding in lint(render(complete), complete)]


def test_the_lines_of_a_sign_off_stay() -> None:
    rendered = render(digest([], standalone=True, greeting="Hello!", closing="See you\nIda and Per\nThe Quay Weekly"))
    assert re.search(r"See you<br>\s*Ida and Per<br>\s*The Quay Weekly</p>", rendered.html)
    assert "See you\nIda and Per\nThe Quay Weekly" in rendered.text
