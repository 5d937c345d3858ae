"""Sizes of images in posts."""

import pytest

from newsletter.feeds.html.clean import clean

BASE = "https://blog.example/boats"


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="640" height="400"', 'width="640" height="400"'),
        ('width="640px"', 'width="640"'),
        ('style="max-width:100%; width: 320px; height:auto"', 'width="320"'),
        ('style="WIDTH:320.5px !important; height:200px"', 'width="320" height="200"'),
        ('width="100%" style="width:320px"', 'width="320"'),
        ('width="1024" height="683" style="width:300px;height:auto"', 'width="300" height="200"'),
        ('width="300" style="width:640px"', 'width="300"'),
        ('style="width:50%"', ""),
        ('style="border-width:20px"', ""),
        ('data-width="900" data-height="600"', 'width="900" height="600"'),
        ('data-orig-width="900" data-orig-height="600"', 'width="900" height="600"'),
        ('data-orig-size="900,600"', 'width="900" height="600"'),
        ('data-image-dimensions="900x600"', 'width="900" height="600"'),
        ('data-width="900"', ""),
        ('width="300" data-orig-size="900,600"', 'width="300"'),
        ('class="wp-smiley"', 'width="20" height="20"'),
        ('class="custom-emoji" width="64"', 'width="20" height="20"'),
        ('data-orig-size="0,0"', ""),
        ('width="0" data-orig-size="x"', ""),
    ],
)
def test_an_image_gets_the_size_that_it_says(attributes: str, size: str) -> None:
    html = clean(f'<p>Boats <img src="/a.jpg" alt="A" {attributes}></p>', BASE).html
    if 'width="0"' in attributes:
        assert "<img" not in html  # a tracker
    else:
        assert html == f'<p>Boats <img src="https://blog.example/a.jpg" alt="A"{" " if size else ""}{size}></p>'
