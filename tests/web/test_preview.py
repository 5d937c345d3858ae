"""The draft as a mail: what can be looked at, and that nothing in a post does anything."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml.html import HTMLParser, document_fromstring

from newsletter import config
from newsletter.config import Topic
from newsletter.editions import approval, draft
from newsletter.editions.rendering import make_proof
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.feeds.html.clean import clean
from newsletter.messages.general import TEXT
from newsletter.messages.lint import AT_LINE
from newsletter.models import Edition, Post
from newsletter.render.preview import public_html
from newsletter.sending import lifecycle
from subscribers import preferences
from subscribers.models import Subscription
from tests.doubles.blog import BlogServer
from tests.factories import configured, kinaforum
from tests.message_bodies import body_of
from tests.sending.outbox_samples import subscribe
from tests.subscribers.own_fields import declare
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<iframe src='https://evil.example/'></iframe>",
    "</iframe><script>alert(1)</script>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example/'>",
    "<form action='https://evil.example/'><input name=password><button>Log in</button></form>",
    "<style>body{display:none} * {position:fixed}</style>",
    "</style><script>alert(1)</script>",
    "<div style='position:fixed;inset:0;background:url(https://evil.example/x)'>over everything</div>",
    "<a href='javascript:alert(1)'>press</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>press</a>",
    "<a href='vbscript:x' onclick=alert(1)>press</a>",
    "<base href='https://evil.example/'>",
    "<object data='https://evil.example/x.swf'></object><embed src='https://evil.example/y'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<img src='https://images.example/x.png' width=99999 height=99999 alt='huge'>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
    "<!--><script>alert(1)</script-->",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<body onload=alert(1)><template><script>alert(1)</script></template>",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_a_hostile_post_is_harmless_in_the_frame(editor: Client, html: str) -> None:
    make.draft("Harmless")
    Post.objects.update(html=clean(f"<p>before</p>{html}<p>after</p>").html)
    answer = editor.get(f"{PAGE}frame/")
    rules, body = answer["Content-Security-Policy"], answer.content.decode()
    assert "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox" in rules
    assert "allow-scripts" not in rules
    assert "default-src 'none'" in rules
    assert "script-src" not in rules
    assert "form-action 'none'" in rules
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    _harmless(body)


@pytest.mark.parametrize("html", HOSTILE)
def test_an_editor_s_html_is_sanitized_alike_in_preview_email_and_archive(editor: Client, html: str) -> None:
    draft = make.draft("Harmless")
    block = {"id": "1", "kind": "event", "title": html, "when": html, "text": html, "button": html, "after": "top"}
    block |= {"url": "https://ok.example/"}
    greeting = f"before\n\n{html}\n\nafter {{name|{html}}}"
    Edition.objects.update(greeting=greeting, closing=html, subject=html, preheader=html, blocks=[block])
    draft.entries.update(text=f"before {html} after", title=html)
    _harmless(editor.get(f"{PAGE}frame/").content.decode())
    mail = message_from_string(editor.get(f"{PAGE}raw/").content.decode(), policy=policy.default)
    _harmless(body_of(mail, "html"))
    shown = make_proof(Edition.objects.get(), config.current())
    _harmless(public_html(shown.rendered, shown.letterhead))


def _harmless(body: str) -> None:
    """Nothing in it, as a browser reads it, runs, loads a page, sends a form, covers the page or leads astray."""
    page = document_fromstring(body.encode(), parser=HTMLParser(encoding="utf-8"))
    tags = {element.tag for element in page.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base", "svg", "math", "link", "template"}
    assert [
        meta.get("http-equiv") for meta in page.iter("meta") if meta.get("http-equiv", "").lower() == "refresh"
    ] == []
    attributes = [(str(name), str(value)) for element in page.iter() for name, value in element.attrib.items()]
    assert [name for name, _value in attributes if name.startswith("on")] == []
    links = [value.strip() for name, value in attributes if name in ("href", "src")]
    assert [link for link in links if not link.startswith(("http://", "https://", "mailto:", "#", "cid:"))] == []
    assert [value for name, value in attributes if name == "style" and re.search(r"position\s*:|url\(", value)] == []


def test_a_hostile_headline_is_text_everywhere(editor: Client) -> None:
    draft = make.draft(*(f"Harmless {number}" for number in range(len(HOSTILE))))
    for number, html in enumerate(HOSTILE):
        Post.objects.filter(title=f"Harmless {number}").update(title=html)
    for part in ("", "preview/", "side/", "history/", f"post/{Post.objects.latest('pk').pk}/"):
        body = editor.get(PAGE + part).content.decode()
        assert [html for html in HOSTILE if html in body] == []
        assert "alert(1)" not in re.sub(r"&lt;.*?&gt;|&#x27;|&quot;", "", re.sub(r">[^<]*<|\"[^\"]*\"", "", body))
    assert draft.entries.count() == len(HOSTILE)


def test_every_view_can_be_looked_at(editor: Client) -> None:
    make.draft("First", "Second")
    for kind in ("phone", "desktop", "inbox", "text", "raw", "nonsense"):
        assert editor.get(f"{PAGE}preview/?kind={kind}").status_code == 200
    assert "First" in editor.get(f"{PAGE}text/").content.decode()
    raw = editor.get(f"{PAGE}raw/")
    assert raw["Content-Type"].startswith("text/plain")
    assert "List-Unsubscribe" in raw.content.decode()
    assert "sandbox" in raw["Content-Security-Policy"]


def test_dark_is_dark_whatever_the_browser_prefers(editor: Client) -> None:
    make.draft("First")
    light, dark = (editor.get(f"{PAGE}frame/?dark={d}").content.decode() for d in ("", "1"))
    assert "prefers-color-scheme" not in light + dark
    assert "@media (max-width: 0)" in light
    assert "@media (min-width: 0)" in dark


def test_images_can_be_switched_off(editor: Client) -> None:
    make.draft("First")
    assert "img-src 'none'" in editor.get(f"{PAGE}frame/?bare=1")["Content-Security-Policy"]
    assert "img-src https:" in editor.get(f"{PAGE}frame/")["Content-Security-Policy"]


def test_only_admins_look_as_a_subscriber(editor: Client, admin: Client) -> None:
    from subscribers.models import Subscriber

    Subscriber.objects.named("ola@example.com", "ola@example.com", name="Ola Nordmann")
    make.draft("First")
    Edition.objects.update(greeting="Kjære {name|leser},")
    assert "Kjære Ola Nordmann" in admin.get(f"{PAGE}frame/?reader=ola@example.com").content.decode()
    assert "Ola Nordmann" not in editor.get(f"{PAGE}frame/?reader=ola@example.com").content.decode()
    declare()
    Subscriber.objects.filter(key="ola@example.com").update(field_values={"town": "Tromsø"})
    Edition.objects.update(greeting="Hei {town|byen}!")
    assert "Hei Tromsø!" in admin.get(f"{PAGE}frame/?reader=ola@example.com").content.decode()
    assert "Hei byen!" in admin.get(f"{PAGE}frame/").content.decode()
    found, unknown = (admin.get(f"{PAGE}preview/?reader={who}@example.com").content.decode() for who in ("ola", "olga"))
    assert "Nobody subscribes as" not in found
    assert "Nobody subscribes as olga@example.com." in unknown


def test_the_links_of_a_preview_act_on_nobody(admin: Client) -> None:
    from subscribers.tokens import TEST_NUMBER, read_link

    make.draft("First")
    body = admin.get(f"{PAGE}frame/").content.decode()
    tokens = set(re.findall(r"/[up]/([\w-]{20,})", body))
    assert tokens
    assert {read_link(token) for token in tokens} == {TEST_NUMBER}


def test_a_broken_template_is_said_and_the_draft_still_shown(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from newsletter.render.html.loader import TemplateProblem

    def broken(*_: object) -> None:
        raise TemplateProblem(AT_LINE(file="templates/edition.mjml", line=3, problem=TEXT(words="unexpected '}'")))

    make.draft("First")
    monkeypatch.setattr("newsletter.web.desk.edition.preview_queries.rendering.make_proof", broken)
    side = editor.get(f"{PAGE}side/")
    assert side.status_code == 200
    assert "templates/edition.mjml line 3" in side.content.decode()
    assert editor.get(PAGE).status_code == 200


def test_broken_links_and_images_are_named(editor: Client) -> None:
    make.draft("First")
    collect = config.Collect(allow_private_addresses=True, maximum_bytes=1000)
    config.use(replace(config.current(), collect=collect))
    with BlogServer(body="A long page. " * 10_000) as blog:
        link, large, image = "http://127.0.0.1:9/gone", f"{blog.url}/", f"{blog.url}/gone.png"
        Post.objects.update(html=f'<p><a href="{link}">This</a>, <a href="{large}">that</a>. <img src="{image}"></p>')
        body = editor.get(f"{PAGE}links/").text
    assert "links or images don’t work" in body
    assert [address for address in (link, large, image) if f"{address}: " in body] == [link, image]


@pytest.fixture
def changed_subscriber(request: pytest.FixtureRequest) -> Edition:
    """A weekly draft after a daily edition of its older post, whose subscriber gets the weekly now."""
    request.getfixturevalue("db")
    configured(cadences=("week", "day"), minimum_posts=0)
    subscribe(["kari@reader.example"])
    Subscription.objects.update(cadence="day")
    make.post("Older", hours=30)
    asked = RequestedWindow(until=make.NOW)
    day = draft.make(config.current(), kinaforum().at("day"), asked, now=make.NOW, read_sources=False)
    approval.queue(config.current(), approval.approve(config.current(), day, now=make.NOW), now=make.NOW)
    lifecycle.begin_due(config.current(), make.NOW)
    preferences.choose_cadence(Subscription.objects.get(), "week")
    return make.draft("Newer")


@pytest.mark.parametrize("approve", [False, True])
def test_each_variant_is_listed_and_can_be_looked_at(
    editor: Client, changed_subscriber: Edition, approve: bool
) -> None:
    if approve:
        approval.approve(config.current(), changed_subscriber, now=make.NOW)
    page = editor.get(f"{PAGE}preview/").content.decode()
    assert [word in page for word in ("Variants", "This edition", "Variant 1")] == [True] * 3
    for view in ("frame", "text", "raw"):
        own, other = (editor.get(f"{PAGE}{view}/?variant={n}").content.decode() for n in (0, 1))
        assert ("Older" in own, "Older" in other) == (True, False), view
    assert editor.get(f"{PAGE}frame/?variant=77").content.decode() == editor.get(f"{PAGE}frame/").content.decode()


def test_who_comes_from_another_cadence_with_a_set_of_their_own_has_a_variant_at_once(
    editor: Client, changed_subscriber: Edition
) -> None:
    for cadence, is_listed in (("day", False), ("week", True)):
        preferences.choose_cadence(Subscription.objects.get(), cadence)
        assert ("Variant 1" in editor.get(f"{PAGE}preview/").content.decode()) is is_listed, cadence


@pytest.mark.parametrize("approve", [False, True])
def test_an_edition_that_is_the_same_for_all_has_no_list_of_variants_and_groups_nobody(
    editor: Client, approve: bool
) -> None:
    subscribe(["kari@reader.example", "ola@reader.example"])
    edition = make.draft("First")
    if approve:
        approval.approve(config.current(), edition, now=make.NOW)
    editor.get(f"{PAGE}preview/")
    with CaptureQueriesContext(connection) as queries:
        assert "Variants" not in editor.get(f"{PAGE}preview/").content.decode()
    assert [query for query in queries.captured_queries if "waited" in query["sql"]] == []


def test_errors_of_a_variant_can_be_overridden_where_its_only_subscriber_is_paused(
    editor: Client, changed_subscriber: Edition
) -> None:
    subject = "{{ 'OK' if posts|length > 1 else '{nothing}' }}"
    configured(cadences=("week", "day"), minimum_posts=0, subject=subject)
    Subscription.objects.update(paused_until=make.NOW.date() + timedelta(days=99_999))
    with pytest.raises(approval.LintErrors) as refusal:
        approval.approve(config.current(), changed_subscriber, now=make.NOW)
    page = editor.get(f"{PAGE}preview/").content.decode()
    assert [f'name="despite" value="{code}"' in page for code in refusal.value.codes] == [True]


@pytest.mark.parametrize("approve", [False, True])
def test_the_variants_of_topics_say_who_gets_them_and_why_some_get_none(
    editor: Client, request: pytest.FixtureRequest, approve: bool
) -> None:
    request.getfixturevalue("db")
    topics = {"new": Topic(title="What is new", words=("newer",)), "rare": Topic(words=("nowhere",))}
    configured(topics=topics, minimum_posts=0)
    subscribe([f"r{n}@reader.example" for n in range(6)])
    for number, picks in ((0, "new"), (1, "new"), (2, "rare")):
        Subscription.objects.filter(subscriber__address=f"r{number}@reader.example").update(topics=picks)
    make.post("Older", hours=30)
    edition = make.draft("Newer")
    if approve:
        approval.approve(config.current(), edition, now=make.NOW)
    page = " ".join(editor.get(f"{PAGE}preview/").content.decode().split())
    assert "All topics" in page
    assert "What is new" in page
    assert re.findall(r"Subscribers: (\d), (\d) post", page) == [("3", "2"), ("2", "1"), ("1", "0")]
    assert "this edition has no posts on the topics they picked" in page
    assert "Older" not in editor.get(f"{PAGE}frame/?variant=1").content.decode()


BROKEN = {
    "subject": ("{% for %}", "subject"),
    "template": ("nothing-there", "nothing-there"),
    "where": ("tag:film and", "is not allowed in the filter"),
}


@pytest.mark.parametrize("key", BROKEN)
def test_a_setting_that_does_not_work_is_said_in_every_view(editor: Client, key: str) -> None:
    value, said = BROKEN[key]
    make.draft("First")
    configured(**{key: value})
    for view in ("side/", "preview/", "frame/", "text/", "raw/", "links/", "proof/"):
        data = {"addresses": "kari@reader.example"}
        answer = editor.post(PAGE + view, data) if view == "proof/" else editor.get(PAGE + view)
        assert answer.status_code in (200, 422), view
        if key != "where" or view in ("side/", "preview/"):
            assert said in answer.content.decode(), view


def test_a_post_with_a_malformed_address_stops_no_draft(editor: Client) -> None:
    make.draft("First")
    Post.objects.update(url="http://[::1", html='<p>See <a href="http://[::1">this page</a> of another site.</p>')
    for view in ("side/", "preview/", "frame/", "text/", "raw/", "links/"):
        assert editor.get(PAGE + view).status_code == 200
