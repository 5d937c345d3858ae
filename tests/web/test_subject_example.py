"""Templates of subjects at the desk: parts are inserted by choosing, with an example from the present draft."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter.models import Edition, State
from tests.web import make
from tests.web.settings_site import KINAFORUM, Site, serve

pytestmark = pytest.mark.django_db
CONTENT, EXAMPLE = f"{KINAFORUM}/content/", f"{KINAFORUM}/subject/example/"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def example(site: Site, template: str, key: str = "subject") -> str:
    """The sentence that the desk shows while a template is typed."""
    return site.client.get(EXAMPLE, {"key": key, key: template}).content.decode()


def test_the_example_has_the_posts_of_the_present_draft(site: Site) -> None:
    assert "There are no posts yet" in example(site, "{{ date }}")
    make.draft("Film & tea", "Second")
    sentence = example(site, "{{ newsletter.title }}: {{ posts[0].title }} ({{ posts|length }})")
    assert sentence == "With the present draft: <strong>Kinaforum: Film &amp; tea (2)</strong>"
    assert "Film &amp; tea, og 1 til" in example(site, "")
    assert "Film" in example(site, "", "cadence.day.subject")
    page = lxml.html.fromstring(site.client.get(CONTENT).content).text_content()
    assert "With the present draft: Film & tea, og 1 til" in page
    Edition.objects.update(state=State.SENT)
    assert example(site, "{{ posts|length }}") == "With the newest posts: <strong>2</strong>"


def test_a_template_that_does_not_work_says_why(site: Site) -> None:
    make.draft("First")
    for template in ("{{ nothing }}", "{% for %}", "{{ posts[7].title }}", "{{ ' ' }}"):
        sentence = example(site, template)
        assert 'class="bad"' in sentence, template
        assert "newsletters." not in sentence, "the key of config.toml is no name at the desk"
    assert "&lt;b&gt;&lt;b&gt;" in example(site, "{{ '<b>' * 2 }}")


def test_a_part_is_added_without_scripts_and_what_was_typed_stays(site: Site) -> None:
    make.draft("First")
    button = {"part": "subject {{ posts[0].title }}"}
    answer = site.client.post(CONTENT, {**site.form(CONTENT), "subject": "Nytt:", "excerpt_words": "41", **button})
    page = lxml.html.fromstring(answer.content)
    assert page.get_element_by_id("id_subject").get("value") == "Nytt: {{ posts[0].title }}"
    assert page.get_element_by_id("id_excerpt_words").get("value") == "41"
    assert "With the present draft: Nytt: First" in page.text_content()
    assert "subject" not in site.newsletter
    other = {"part": "subject {% for %}"}
    answer = site.client.post(CONTENT, {**site.form(CONTENT), "subject": "Nytt", **other})
    assert lxml.html.fromstring(answer.content).get_element_by_id("id_subject").get("value") == "Nytt"
