"""Images whose address is not in `src`."""

import pytest

from newsletter.feeds.html.clean import clean

BASE = "https://blog.example/post"
DATA = "data:image/gif;base64,R0lGOD"
FOUND = '<p>one</p><p><img src="https://blog.example/a.jpg"></p>'


@pytest.mark.parametrize(
    "image",
    [
        '<img srcset="/a.jpg 400w">',
        '<img srcset="/s.jpg 400w, /a.jpg 1200w, /l.jpg 2400w">',
        '<img srcset="/s.jpg, /a.jpg 2x">',
        '<img srcset="/a.jpg">',
        f'<img src="{DATA}" data-srcset="/s.jpg 300w,\n /a.jpg 900w">',
        f'<img src="{DATA}" data-lazy="x"><noscript><img src="/a.jpg"></noscript>',
        f'<noscript><img src="/a.jpg"></noscript><img src="{DATA}">',
        '<img data-src="/a.jpg"><noscript><img src="/other.jpg"></noscript>',
        '<span><noscript><img src="/a.jpg"></noscript></span>',
        '<img src="/1x1.gif" width="1" height="1" data-src="/a.jpg">',
        '<img src="/theme/placeholder.gif" data-original="/a.jpg">',
        '<img src="/placeholder.gif" srcset="/a.jpg 1000w">',
        '<amp-img src="/a.jpg" layout="responsive"><noscript><img src="/a.jpg"></noscript></amp-img>',
        '<picture><source srcset="/a.jpg 800w" type="image/jpeg"><img></picture>',
        '<picture><source srcset="/s.webp 1x"><source srcset="/a.jpg 800w"><img></picture>',
        f'<img src="{DATA}" data-cfsrc="/a.jpg">',
        '<img data-lazyload="/a.jpg">',
    ],
)
def test_the_address_is_found(image: str) -> None:
    cleaned = clean(f"<p>one</p>{image}", BASE)
    assert cleaned.html == FOUND
    assert cleaned.dropped == ()


@pytest.mark.parametrize("image", ["<img>", f'<img src="{DATA}">', '<img src="/images/placeholder.gif">'])
def test_an_image_takes_no_address_of_another_picture(image: str) -> None:
    picture = '<picture><source srcset="/b.webp 1x"><img src="/a.jpg"></picture>'
    assert clean(f"<p>one</p>{picture}{image}", BASE).html == FOUND


@pytest.mark.parametrize("image", ["<img>", f'<img src="{DATA}">', '<img src="/images/placeholder.gif">'])
def test_an_image_without_an_address_is_counted(image: str) -> None:
    cleaned = clean(f"<p>one</p>{image}", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("image without address", 1),)


def test_only_images_are_taken_from_what_is_for_browsers_without_scripts() -> None:
    hidden = (
        '<noscript>On<iframe src="https://x.example/ns"></iframe><img src="https://x.example/p" height="1"></noscript>'
    )
    cleaned = clean(f"<p>one</p>{hidden}", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("tracker", 1),)


def test_an_address_with_commas_in_a_set_stays_whole() -> None:
    address = "https://x.example/w_848,c_limit/a.jpg"
    cleaned = clean(f'<img srcset="https://x.example/w_424,c_limit/a.jpg 424w, {address} 848w">')
    assert cleaned.html == '<p><img src="' + address + '"></p>'
