"""Editions above the maximum size, whose longest posts give up their last blocks."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.domain.digest import Digest, DigestPost
from newsletter.render.content.cuts import Cuts
from newsletter.render.content.excerpt import count_words
from newsletter.render.content.fragment import parse
from newsletter.render.edition import render, size
from tests.render.samples import digest, letterhead, picture, post

LINKS = "".join(f'<li><a href="https://blog.example/{n}/">Boat number {n}</a> is in.</li>' for n in range(40))
ROWS = "".join(f"<tr><td>Boat {n}</td><td><strong>{n} tonnes</strong></td></tr>" for n in range(60))
PARTS = (
    "".join(f"<h3>Day {n}</h3><p>The boats come in at dawn, <em>all of them</em>, on day {n}.</p>" for n in range(90)),
    f"<p>The list:</p><ul>{LINKS}</ul><p>That was the list.</p>",
    f"<p>The catch:</p><table><tbody>{ROWS}</tbody></table><p>That was the catch.</p>",
)


def long_edition() -> Digest:
    return digest([post(number, html=html) for number, html in enumerate(PARTS)])


@pytest.mark.parametrize(
    "sentence", ["The boats come in at dawn. ", "小船清晨离港，渔民数鱼。", "เรือออกจากท่าตอนเช้า ลูกเรือนับปลา "]
)
def test_a_long_post_loses_no_more_than_it_must(sentence: str) -> None:
    edition = digest([post(0, html=f"<p>{sentence * 2_000}</p>"), post(1)])
    rendered = render(edition, maximum_size=60_000, excerpt_words=80)
    assert [cut.id for cut in rendered.shortened] == ["p0"]
    assert 57_000 < size(rendered, letterhead()) <= 60_000
    assert count_words(rendered.text) > 1_000


@pytest.mark.parametrize("share", [0.5, 0.65, 0.8, 0.95])
def test_no_further_block_would_have_fitted(share: float) -> None:
    """Inlined styles nearly double a block, so its size can only be known from the rendered email."""
    edition = long_edition()
    limit = int(size(render(edition, maximum_size=10**9), letterhead()) * share)
    rendered = render(edition, maximum_size=limit)
    room = limit - size(rendered, letterhead())
    assert rendered.shortened
    assert 0 <= room < 700


def cut(one: DigestPost, html: str) -> DigestPost:
    return replace(one, html=html, whole=False, cut_to_fit=True)


def with_texts(edition: Digest, texts: dict[str, str]) -> Digest:
    """The edition with other texts for some posts, which are not whole then."""
    groups = (
        replace(g, posts=tuple(cut(p, texts[p.id]) if p.id in texts else p for p in g.posts)) for g in edition.groups
    )
    return replace(edition, groups=tuple(groups))


@pytest.mark.parametrize("more", range(205, 230, 3))
def test_a_block_fits_that_did_not_before_another_post_became_whole(more: int) -> None:
    """A post that is whole has no link to the rest, which takes more than its last words."""
    ends_soon = post(
        0, url=f"https://blog.example/{'harbour/' * 30}", html=f"<p>{'Boats come in. ' * 20}</p><p>Bye.</p>"
    )
    shorter = post(1, html=f"<p>{'Nets are mended. ' * 8}</p>" + f"<p>{'Nets are mended. ' * 10}</p>" * 4)
    longest = post(2, html=f"<p>{'Fish is sold. ' * 25}</p>" * 8)
    edition = digest([ends_soon, shorter, longest])
    assert_no_block_fits(edition, more)


def test_a_block_fits_with_which_a_text_is_too_long_to_stand_beside_its_image() -> None:
    """Beside its image, a text needs a table for Word that it doesn't need below."""
    html = "".join(f"<p>{'Boats come in, and nets are mended. ' * 5}</p>" for _ in range(12))
    posts = [post(n, html=html, image=picture(url="https://blog.example/boat.jpg")) for n in range(4)]
    assert_no_block_fits(digest(posts, letterhead=letterhead(design="magazine")), 2_400)


def test_a_block_fits_that_did_not_before_another_text_was_too_long_to_stand_beside_its_image() -> None:
    """The rules for narrow screens are left out with the last text beside its image."""
    boats = picture(url="https://blog.example/boat.jpg")
    html = [
        f"<p>{'Boats come in. ' * beginning}</p><p>{sentence * middle}</p><p>{'Boats come in. ' * 60}</p>"
        for beginning, sentence, middle in (
            (55, "Boats come in. ", 21),
            (54, "Boats come in. ", 28),
            (49, "Boats come in. ", 31),
            (46, "Longboats arrive tonight. ", 25),
        )
    ]
    posts = [post(9), *(post(number, html=text, image=boats) for number, text in enumerate(html))]
    assert_no_block_fits(digest(posts, letterhead=letterhead(design="magazine")), 2_734)


@pytest.mark.parametrize("design", ["letter", "cards"])
@pytest.mark.parametrize("more", [0, 30])
def test_a_block_fits_whose_picture_is_shown_in_place_of_the_one_above_the_text(design: str, more: int) -> None:
    """Such a block may take less than its words."""
    above = picture(url=f"https://blog.example/{'harbour/' * 20}boat.jpg")
    net = '<img src="https://blog.example/net.jpg" alt="A net" width="600" height="400">'
    html = f"<p>{'Boats come in. ' * 7}</p><p>{net}<br>{'Nets are mended. ' * 8}</p>"
    html += f"<p>{'Fish is sold. ' * 20}</p>" * 3
    posts = [post(0, html=html, image=above), post(1, html=f"<p>{'Fish is sold. ' * 10}</p>" * 6)]
    assert_no_block_fits(digest(posts, letterhead=letterhead(design=design)), more)


def test_a_design_of_one_line_for_each_post_keeps_as_many_lines_as_fit() -> None:
    """No text is shown, so that none can be shortened; the longest lines give way first."""
    posts = [
        post(n, html=f"<p>{f'Boat {n} is in. ' * (3 + n % 3)}</p>" + f"<p>{'Fish is sold. ' * 90}</p>")
        for n in range(24)
    ]
    edition = digest(posts, letterhead=letterhead(design="brief"))
    whole = render(edition, maximum_size=10**9)
    limit = size(whole, letterhead()) - 300
    rendered = render(edition, maximum_size=limit)
    assert {cut.words for cut in rendered.shortened} == {0}
    assert 0 <= limit - size(rendered, letterhead()) < 180
    assert len(rendered.shortened) < 6
    assert render(edition, maximum_size=size(whole, letterhead())).html.count("is in.") == whole.html.count("is in.")


def assert_no_block_fits(edition: Digest, more: int) -> None:
    """Check an edition whose size is so many bytes more than with excerpts alone."""
    cuts = {each.id: Cuts(each.html, 20) for each in edition.posts}
    excerpts = with_texts(edition, {each: cuts[each].text(0)[0] for each in cuts})
    limit = size(render(excerpts, maximum_size=10**9), letterhead()) + more
    rendered = render(edition, maximum_size=limit, excerpt_words=20)
    numbers = {
        cut.id: next(number for number in range(cuts[cut.id].last) if cuts[cut.id].length(number) == cut.words)
        for cut in rendered.shortened
        if cut.words
    }
    for growing in numbers:
        longer = {each: number + (each == growing) for each, number in numbers.items()}
        texts = {each: cuts[each].text(n)[0] for each, n in longer.items() if n < cuts[each].last}
        assert size(render(with_texts(edition, texts), maximum_size=10**9), letterhead()) > limit


def test_the_longest_posts_give_way_first() -> None:
    whole = size(render(long_edition(), maximum_size=10**9), letterhead())
    rendered = render(long_edition(), maximum_size=whole - 2_000)
    assert [cut.id for cut in rendered.shortened] == ["p0"]
    cut = rendered.shortened[0]
    assert cut.whole * 0.7 < cut.words < cut.whole


def test_no_text_ends_with_a_heading() -> None:
    cuts = Cuts(PARTS[0], 20)
    texts = [parse(cuts.text(number)[0]) for number in range(1, cuts.last)]
    assert {list(text)[-1].tag for text in texts} == {"p"}


def test_the_texts_of_a_post_grow_from_the_excerpt_to_the_whole() -> None:
    for html in PARTS:
        cuts = Cuts(html, 20)
        texts = [cuts.text(number) for number in range(cuts.last + 1)]
        assert [whole for _html, whole in texts] == [False] * cuts.last + [True]
        assert [count_words(text) for text, _whole in texts] == [cuts.length(n) for n in range(cuts.last + 1)]
        assert texts[-1] == (html, True)


def test_a_short_post_has_one_text() -> None:
    assert Cuts("<p>The boats are in.</p>", 80).last == 0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_no_more_posts_become_titles_than_must(share: float) -> None:
    """Texts of different sizes: the largest give way first, and the smallest that gave way would not fit any more."""
    posts = [post(n, html=f"<p>{f'Boat {n} is in. ' * (3 + n)}</p>") for n in range(14)]
    titles, whole = (
        size(render(digest(each), maximum_size=10**9), letterhead())
        for each in ([replace(each, html="") for each in posts], posts)
    )
    limit = int(titles + (whole - titles) * share)
    rendered = render(digest(posts), maximum_size=limit)
    cut = {each.id for each in rendered.shortened}
    smallest = min((each for each in posts if each.id in cut), key=lambda each: len(each.html))
    longer = digest([each if each.id not in cut or each is smallest else replace(each, html="") for each in posts])
    assert size(rendered, letterhead()) <= limit < size(render(longer, maximum_size=10**9), letterhead())


def test_a_large_excerpt_is_left_out_alone() -> None:
    """A post whose tags take most of its bytes gives way, and the others keep their excerpts."""
    table = "".join(
        f'<li>The boat <a href="https://blog.example/{n}?from={"x" * 1900}">{n}</a></li>' for n in range(19)
    )
    edition = digest([post(0, html=f"<ul>{table}</ul>"), *(post(n) for n in range(1, 6))])
    rendered = render(edition, maximum_size=30_000)
    assert [(cut.id, cut.words) for cut in rendered.shortened] == [("p0", 0)]


def test_a_template_that_needs_as_many_posts_as_the_edition_has_is_shortened_too(tmp_path: Path) -> None:
    needs_three = '{% extends "shipped/edition.mjml" %}{% block title %}{{ groups[0].posts[2].title }}{% endblock %}'
    (tmp_path / "edition.mjml").write_text(needs_three, "utf-8")
    edition = long_edition()
    limit = int(size(render(edition, tmp_path, maximum_size=10**9), letterhead()) * 0.7)
    rendered = render(edition, tmp_path, maximum_size=limit)
    assert rendered.shortened
    assert limit - 700 < size(rendered, letterhead()) <= limit
