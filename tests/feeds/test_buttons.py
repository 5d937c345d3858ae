"""Buttons to share posts, badges, advertisements of feeds and counters among the images of posts."""

from urllib.parse import quote

import pytest

from newsletter.feeds.html.clean import clean

PAGE = "https://blog.example/boats"
TEXT = "<p>The boats come in at dawn.</p>"
PHOTO = '<p><a href="https://photos.example/boats"><img src="https://blog.example/boats.jpg" alt="Boats"></a></p>'
TO = quote(PAGE, safe="")
FACEBOOK, X = "https://www.facebook.com/sharer.php?u=1", "https://x.com/intent/tweet?url=1"


def dropped(html: str) -> tuple[str, dict[str, int]]:
    cleaned = clean(TEXT + html, PAGE, PAGE)
    return cleaned.html.removeprefix(TEXT), dict(cleaned.dropped)


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.facebook.com/sharer/sharer.php?u={TO}",
        f"https://twitter.com/intent/tweet?url={TO}",
        f"https://x.com/share?url={TO}",
        f"https://www.linkedin.com/sharing/share-offsite/?url={TO}",
        f"https://www.reddit.com/submit?url={TO}",
        f"https://no.pinterest.com/pin/create/button/?url={TO}",
        f"https://api.whatsapp.com/send?text={TO}",
        f"https://bsky.app/intent/compose?text={TO}",
        f"https://www.addtoany.com/share#url={TO}",
        f"mailto:?subject=Boats&body={TO}",
        "https://blog.example/boats?share=facebook&nb=1",
        "http://blog.example/?flattrss_redirect&id=2917",
    ],
)
def test_an_image_that_shares_the_post_is_removed(link: str) -> None:
    image = f'<a href="{link}"><img src="https://blog.example/icons/f.png" width="32" height="32"></a>'
    assert dropped(f"<p>{image} | {image}</p>") == ("", {"share button": 2})


@pytest.mark.parametrize(
    "words",
    ["Share on Facebook", "Add to Reddit", "flattr this!", "Email this", "Bookmark and Share", "Del på Facebook",
              "Teilen auf Twitter", "Submit to StumbleUpon"],
)  # fmt: skip
def test_a_linked_image_that_says_share_is_removed_wherever_it_leads(words: str) -> None:
    image = f'<a href="https://click.example/?id=1"><img src="https://click.example/1.gif" alt="{words}"></a>'
    assert dropped(f"<p>{image}</p>") == ("", {"share button": 1})


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("https://img.shields.io/badge/build-passing-green", "badge"),
        ("https://travis-ci.org/boats/quay.svg?branch=main", "badge"),
        ("https://github.com/boats/quay/actions/workflows/ci/badge.svg", "badge"),
        ("http://images.pheedo.com/images/a.gif", "advertisement"),
        ("http://feeds.feedburner.com/~a/harbour?i=1", "advertisement"),
        ("http://feedads.g.doubleclick.net/~a/1/di", "advertisement"),
        ("https://ads.harbour.example/www/delivery/avw.php?zoneid=1", "advertisement"),
        ("https://c.statcounter.com/1/0/2/1/", "tracker"),
        ("https://vg06.met.vgwort.de/na/abc", "tracker"),
        ("https://www.assoc-amazon.com/e/ir?t=boats", "tracker"),
        ("https://stats.harbour.example/piwik.php?idsite=1", "tracker"),
        ("https://mail.harbour.example/hit.gif?u=1", "tracker"),
    ],
)
def test_other_images_that_are_no_part_of_a_post_are_removed(source: str, kind: str) -> None:
    assert dropped(f'<p><a href="https://harbour.example/"><img src="{source}"></a></p>') == ("", {kind: 1})


@pytest.mark.parametrize(
    "html",
    [
        PHOTO,
        '<p><img src="https://blog.example/google-pixel-5.jpg" alt="A phone"></p>',
        '<p><img src="https://ws-eu.amazon-adsystem.com/widgets/q?ID=AsinImage&amp;ASIN=1"></p>',  # of a product
        '<p><img src="https://blog.example/2026/police-badge.jpg" alt="A badge"></p>',
        '<p><img src="https://blog.example/kitchen-counter.png" alt="A counter"></p>',
        '<p><a href="https://x.com/boats/status/1"><img src="https://blog.example/tweet.png" alt="Tweet"></a></p>',
        f'<p><a href="https://x.com/share?url={TO}"><img src="https://blog.example/b.jpg" width="640"></a></p>',
        f'<p>Please <a href="https://x.com/intent/tweet?url={TO}">tweet this line</a> to all.</p>',
        '<p><a href="https://www.facebook.com/harbour">Facebook</a></p>',
        '<p><a href="https://apps.apple.com/b"><img src="https://blog.example/app-store.png" alt="App Store"></a></p>',
        "<p>Share | and share alike</p>",
    ],
)
def test_images_and_links_of_the_post_stay(html: str) -> None:
    assert dropped(html)[1] == {}
    assert dropped(html)[0].count("<img") == html.count("<img")


@pytest.mark.parametrize(
    "html",
    [
        f'<p>Share this: <a href="{FACEBOOK}">Facebook</a> | <a href="{X}">X</a></p>',
        f'<ul><li><a href="{FACEBOOK}">Share on Facebook</a></li><li><a href="{X}">X</a></li></ul>',
    ],
)
def test_a_line_that_has_only_links_to_share_is_removed(html: str) -> None:
    assert dropped(html) == ("", {"share button": 2})


def test_buttons_in_a_box_of_a_plugin_are_removed() -> None:
    box = '<div class="social-share"><a href="/s"><img src="/f.png">Facebook</a></div>'
    assert dropped(box + PHOTO) == (PHOTO, {"feedflare": 1})
