"""Pictures that emails refer to are served by the site."""

import pytest
from django.test import Client

from newsletter.render.content.videos import PICTURE


@pytest.mark.django_db
def test_the_picture_for_videos_is_served_to_anybody() -> None:
    answer = Client().get(PICTURE)
    assert answer.getvalue().startswith(b"\x89PNG")
    answer.close()
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
