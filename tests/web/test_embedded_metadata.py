"""The metadata of public pages as an independent program reads it: extruct, which search engines' tools resemble."""

from typing import Any

import extruct
import pytest
from django.test import Client

from newsletter.models import ApprovedContent
from tests.web import make
from tests.web.test_public_pages import ARCHIVE, PAGE, SITE, _sent, by_file

__all__ = ["by_file"]
pytestmark = pytest.mark.django_db
TITLE = "A “film” & a </script> book"


def _read(client: Client, path: str) -> dict[str, Any]:
    body = client.get(path).content.decode()
    found = extruct.extract(body, base_url=SITE + path, syntaxes=["opengraph", "json-ld", "microdata"], errors="strict")
    assert found["microdata"] == []
    (graph,), (data,) = found["opengraph"], found["json-ld"]
    assert graph["namespace"] == {"og": "http://ogp.me/ns#"} | (
        {"article": "http://ogp.me/ns/article#"} if path == PAGE else {}
    )
    names = [name for name, _value in graph["properties"]]
    assert len(names) == len(set(names)), "each property once"
    return {"og": dict(graph["properties"]), "data": data}


def test_an_edition_is_read_as_an_article(client: Client) -> None:
    _sent(TITLE)
    found = _read(client, PAGE)
    subject = ApprovedContent.objects.get().subject
    assert TITLE in subject
    assert found["og"]["og:type"] == "article"
    assert found["og"]["og:url"] == SITE + PAGE
    assert found["og"]["og:title"] == found["data"]["headline"] == subject
    assert (found["data"]["@context"], found["data"]["@type"]) == ("https://schema.org", "Article")
    assert found["data"]["datePublished"] == found["og"]["article:published_time"]
    assert found["data"]["isPartOf"]["@type"] == "Periodical"
    assert make.PERIOD in found["data"]["mainEntityOfPage"]


def test_the_archive_is_read_as_a_collection(client: Client) -> None:
    _sent(TITLE)
    found = _read(client, ARCHIVE)
    assert found["og"]["og:type"] == "website"
    assert found["data"]["@type"] == "CollectionPage"
    assert found["data"]["url"] == found["og"]["og:url"] == SITE + ARCHIVE
