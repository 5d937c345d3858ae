"""Adding, pausing and archiving newsletters at the desk."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lxml.html
import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.editions import editing, rendering
from newsletter.models import Act, Edition, Job, Source, State
from newsletter.scheduling import schedule
from newsletter.sending.unfinished import objections
from tests.doubles.blog import BlogServer, Entry
from tests.web import make
from tests.web.settings_site import TEXT, Site

ADD = "/desk/settings/newsletters/add/"
GENERAL = "/desk/settings/n/kinaforum/general/"
TEXT_OF_A_POST = "<p>The ferry left the harbour before noon, and nobody had expected it to come back so soon.</p>"


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    now = datetime.now(UTC)
    posts = [Entry(f"p{n}", now - timedelta(days=n), html=TEXT_OF_A_POST * 3) for n in range(6)]
    with BlogServer(posts) as server:
        yield server


@pytest.fixture
def private(tmp_path: Path, admin: Client) -> Iterator[Site]:
    """A site that may read the blog on loopback."""
    file = tmp_path / "config.toml"
    file.write_text(TEXT + "\n[collect]\nallow_private_addresses = true\n", encoding="utf-8")
    before = config.current()
    config.use(config.load(file, {}))
    yield Site(file, admin)
    config.use(before)


@pytest.fixture
def guarded() -> Iterator[None]:
    """Refuse what the running program refuses."""
    config.object_with(objections)
    yield
    config.object_with(lambda before, after: ())


def words(content: bytes) -> str:
    return " ".join(lxml.html.fromstring(content).text_content().split())


def add(site: Site, blog: str, **given: str) -> str:
    """Have a blog read, and add the newsletter; the text of the page that comes back."""
    assert "What was found" in site.post(ADD, blog=blog, **given)
    return site.post(ADD, blog=blog, job=str(Job.objects.latest("pk").pk), **given)


def test_a_second_newsletter_is_made_from_its_blog(private: Site, blog: BlogServer) -> None:
    assert "Newsletter added." in add(private, f"{blog.url}/", title="Film & teater", name="film")
    added = private.tree["newsletters"]["film"]
    assert added["sources"] == [{"url": f"{blog.url}/"}]
    assert (added["title"], added["period"]) == ("Film & teater", "week")
    assert added["from"] == "Film & teater <brev@example.org>"
    assert config.current().newsletters["film"].language == "en"
    assert private.file.read_text(encoding="utf-8").startswith(TEXT.rstrip())
    assert Act.objects.filter(about="newsletters.film.title", after="Film & teater").exists()
    assert "Film & teater" in words(private.client.get("/desk/").content)


def test_a_newsletter_without_a_blog_is_written_at_the_desk(private: Site) -> None:
    refused = private.client.post(ADD, {**private.form(ADD), "without": "1"})
    assert "Enter a title, since there is no blog to take it from." in words(refused.content)
    added = private.post(ADD, without="1", title="Notes from the quay")
    assert "Newsletter added. Write its first letter." in added
    assert "sources" not in private.tree["newsletters"]["notes-from-the-quay"]
    letter = "/desk/n/notes-from-the-quay/letter/"
    page = private.client.get(letter).content.decode()
    assert "With the posts since the last edition" not in page
    text = "Dear {name|reader}, the *ferry* is back.\n\nMore soon."
    private.client.post(letter)
    edition = Edition.objects.get(newsletter="notes-from-the-quay")
    edition = editing.set_words(config.current(), edition, "", 1, {"subject": "The ferry", "greeting": text})
    digest = rendering.digest_of(edition, config.current())
    assert (digest.subject, digest.preheader) == ("The ferry", "Dear, the ferry is back. More soon.")
    schedule.tick(config.current(), timezone.now() + timedelta(days=8))
    assert Edition.objects.filter(newsletter="notes-from-the-quay").count() == 1
    page = private.client.get(f"/desk/editions/notes-from-the-quay/{edition.period}/").content.decode()
    assert '<label for="greeting" class="unseen">Text</label>' in page
    assert '<details class="stack"><summary>Posts</summary>' in page
    assert "Notes from the quay" in private.client.get("/desk/").content.decode()


def test_a_blog_without_new_posts_says_that_the_first_draft_has_none(private: Site) -> None:
    old = datetime.now(UTC) - timedelta(days=90)
    with BlogServer([Entry(f"p{n}", old - timedelta(days=n), html=TEXT_OF_A_POST) for n in range(3)]) as server:
        found = private.post(ADD, blog=f"{server.url}/")
    assert "First draftNo post is new enough for it." in found


def test_the_title_and_the_name_are_found_on_the_blog(private: Site, blog: BlogServer) -> None:
    found = private.post(ADD, blog=f"{blog.url}/")
    assert "What was found TitleA blog" in found
    assert "Posts found6 First draft" in found
    period = Job.objects.latest("pk").result["blog"]["period"]
    count = {"day": 1, "week": 6}[period]
    assert f"First draft{count} post" in found
    assert "a-blog" not in private.tree["newsletters"]
    add(private, f"{blog.url}/")
    assert private.tree["newsletters"]["a-blog"]["title"] == "A blog"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "kinaforum"}, "There is already a newsletter “kinaforum”."),
        ({"name": "Film!"}, "the name must be 1 to 40 characters"),
        ({"sender_address": "nobody"}, "Enter a valid email address."),
        ({"blog": ""}, "This field is required."),
    ],
)
def test_an_invalid_form_shows_its_errors_and_keeps_its_values(
    private: Site, blog: BlogServer, changed: dict[str, str], said: str
) -> None:
    before = private.file.read_text(encoding="utf-8")
    private.post(ADD, blog=f"{blog.url}/")
    given = {"job": str(Job.objects.get().pk), "blog": f"{blog.url}/", "title": "Kept"}
    answer = private.client.post(ADD, {**private.form(ADD), **given, **changed})
    assert answer.status_code == 422
    assert said in words(answer.content)
    assert 'value="Kept"' in answer.content.decode()
    assert private.file.read_text(encoding="utf-8") == before


def test_a_blog_that_cannot_be_read_is_said_beside_its_field(private: Site) -> None:
    said = {"blog": "http://127.0.0.1:9/", "title": "Kept"}
    answer = private.client.post(ADD, {**private.form(ADD), **said}, follow=True)
    page = lxml.html.fromstring(answer.content)
    assert "127.0.0.1" in page.xpath("//*[@name='blog']/preceding-sibling::ul[@class='errorlist']")[0].text_content()
    assert page.xpath("//input[@name='title']/@value") == ["Kept"]
    assert not page.xpath("//input[@name='job']")


def test_a_blog_that_was_exchanged_after_it_was_read_is_read_again(private: Site, blog: BlogServer) -> None:
    private.post(ADD, blog=f"{blog.url}/feeds/posts/default")
    first = Job.objects.get()
    assert "What was found" in private.post(ADD, blog=f"{blog.url}/", job=str(first.pk))
    assert Job.objects.count() == 2
    assert list(private.tree["newsletters"]) == ["kinaforum"]


def test_a_file_that_cannot_be_written_gets_the_lines_to_paste(private: Site, blog: BlogServer) -> None:
    read_only = private.file.read_text(encoding="utf-8") + '\n[web]\nsettings = "read-only"\n'
    private.file.write_text(read_only, encoding="utf-8")
    config.use(config.load(private.file, {}))
    given = {**private.form(ADD), "blog": f"{blog.url}/", "name": "film"}
    private.client.post(ADD, given)
    answer = private.client.post(ADD, {**given, "job": str(Job.objects.get().pk)})
    pasted = lxml.html.fromstring(answer.content).xpath("//pre")[0].text_content()
    assert private.file.read_text(encoding="utf-8") == read_only
    found = tomllib.loads(read_only + pasted)
    assert found["newsletters"]["film"]["sources"] == [{"url": f"{blog.url}/"}]


@pytest.mark.parametrize("act", ["add", "1/remove"])
def test_sources_of_a_file_that_cannot_be_written_get_the_lines_to_change(private: Site, act: str) -> None:
    read_only = private.file.read_text(encoding="utf-8") + '\n[web]\nsettings = "read-only"\n'
    private.file.write_text(read_only, encoding="utf-8")
    config.use(config.load(private.file, {}))
    answer = private.client.post(f"/desk/sources/kinaforum/{act}/", {"url": "http://127.0.0.1:9/"})
    page = lxml.html.fromstring(answer.content)
    assert answer.status_code == 409
    assert "Settings can only be read here" in page.text_content()
    assert "[[newsletters.kinaforum.sources]]" in page.xpath("//pre")[0].text_content()


def test_an_added_source_is_shown_as_lines_that_can_be_pasted(private: Site) -> None:
    private.file.write_text(TEXT + '\n[web]\nsettings = "read-only"\n', encoding="utf-8")
    config.use(config.load(private.file, {}))
    answer = private.client.post("/desk/sources/kinaforum/add/", {"url": "https://third.example/"})
    pasted = lxml.html.fromstring(answer.content).xpath("//pre")[0].text_content()
    assert pasted == '[[newsletters.kinaforum.sources]]\nurl = "https://third.example/"'


def test_a_paused_newsletter_says_so_and_makes_no_draft(private: Site) -> None:
    assert "Saved." in private.post(GENERAL, status="paused")
    assert private.newsletter["status"] == "paused"
    answer = private.client.post("/desk/n/kinaforum/draft/", follow=True)
    assert "Kinaforum is paused: no drafts are made and nothing is sent" in words(answer.content)
    assert not Edition.objects.exists()
    assert "Create draft now" not in words(private.client.get("/desk/").content)
    private.post(GENERAL, status="")
    assert "is paused" not in words(private.client.get("/desk/n/kinaforum/").content)


def test_an_edition_that_a_pause_holds_back_is_named_on_the_first_page(private: Site) -> None:
    edition = make.draft("First")
    Edition.objects.filter(pk=edition.pk).update(state=State.QUEUED, due_at=make.NOW)
    private.post(GENERAL, status="paused")
    assert "Needs your attention" in (page := words(private.client.get("/desk/").content))
    assert "Kinaforum is paused" in page


@pytest.mark.usefixtures("guarded")
def test_a_newsletter_with_an_unfinished_edition_is_not_archived(private: Site) -> None:
    edition = make.draft("First")
    Edition.objects.filter(pk=edition.pk).update(state=State.QUEUED, due_at=make.NOW)
    told = private.post(GENERAL, status="archived")
    assert "it can't be archived yet: Week 6, 2–8 February 2026 is scheduled" in told
    assert "status" not in private.newsletter
    Edition.objects.update(state=State.CANCELLED)
    assert "Saved." in private.post(GENERAL, status="archived")
    assert "Check now" not in words(private.client.get("/desk/sources/").content)


def test_a_source_that_is_already_listed_is_not_offered_again(private: Site, blog: BlogServer) -> None:
    private.client.post("/desk/sources/kinaforum/add/", {"url": f"{blog.url}/"})
    tried = private.client.post("/desk/sources/try/", {"url": f"{blog.url}/"}, follow=True).content.decode()
    assert "This address is already a source." in tried
    assert "Add to" not in tried


def test_an_address_that_was_tried_can_be_added(private: Site, blog: BlogServer) -> None:
    tried = private.client.post("/desk/sources/try/", {"url": f"{blog.url}/"}, follow=True)
    page = words(tried.content)
    assert "6 posts" in page
    assert "Add to Kinaforum" in page
    assert not Source.objects.exists()
