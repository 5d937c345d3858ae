"""Counted links: where they lead, what counts, and that nothing connects a click with a person."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import approval
from newsletter.editions.counted_links import outgoing
from newsletter.editions.previews import as_sent
from newsletter.editions.rendering import make_proof
from newsletter.models import CountedLink, Edition, Post
from newsletter.web import counted_links
from tests.web import make

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ADDRESS = re.compile(r"http://[^\s\"<>]+/l/([A-Za-z0-9_-]{16})")


def _track(value: str = "links", **keys: Any) -> None:
    given = config.current()
    newsletter = replace(given.newsletters["kinaforum"], track=value, **keys)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))
    made, found = Clock(), counted_links.Clicks
    here = found(made)
    monkeypatch.setattr(counted_links, "clicks", lambda: here)
    monkeypatch.setattr(counted_links, "enqueue", lambda *_, **__: True)
    return made


def _sent(*titles: str, ended: bool = True) -> Edition:
    _track()
    edition = approval.approve(config.current(), make.draft(*titles or ("First", "Second", "Third", "Fourth")))
    approval.queue(config.current(), edition)
    make.first_accepted()
    if ended:
        Edition.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    return Edition.objects.get()


def _mail(edition: Edition, name: str = "reader") -> str:
    proof = make_proof(edition, config.current())
    recipient = Recipient(number=1, address=f"{name}@example.org", token=(name * 28)[:28], message_id=name, name=name)
    mail = as_sent(edition, proof, recipient, timezone.now()).decode()
    return mail.replace("=\r\n", "").replace("=3D", "=")


def _link(title: str) -> CountedLink:
    return CountedLink.objects.get(post__title=title)


def _click(link: CountedLink, *, agent: str = BROWSER, network: str = "192.0.2.1", method: str = "get") -> Any:
    ask = getattr(Client(), method)
    return ask(f"/l/{link.token}", headers={"User-Agent": agent}, REMOTE_ADDR=network)


def _counted(clock: Clock, seconds: float = 11) -> dict[str, int]:
    clock.now += seconds
    counted_links.store()
    return {title: n for title, n in CountedLink.objects.values_list("post__title", "clicks") if n}


# In the email.


def test_links_are_the_posts_own_unless_a_newsletter_counts_them() -> None:
    edition = approval.approve(config.current(), make.draft("First"))
    assert Post.objects.get().url in _mail(edition)
    assert not CountedLink.objects.exists()


def test_every_link_to_a_post_is_counted_in_html_and_text() -> None:
    edition = _sent("First", "Second")
    mail = _mail(edition)
    for post in Post.objects.all():
        assert post.url not in mail
        assert mail.count(f"/l/{_link(post.title).token}") >= 2


def test_every_reader_gets_the_same_links() -> None:
    edition = _sent()
    tokens = [ADDRESS.findall(_mail(edition, name)) for name in ("anna", "bjørn"[:1])]
    assert tokens[0] == tokens[1] != []


def test_readers_own_links_and_the_sites_are_not_counted() -> None:
    edition = _sent()
    site = config.current().site.url
    assert not CountedLink.objects.filter(address__startswith=site).exists()
    mail = _mail(edition, "anna")
    assert "/u/annaanna" in mail
    assert f"{site}/n/{edition.name}/" in mail


def test_links_that_share_the_edition_are_not_counted() -> None:
    given = config.current().newsletters["kinaforum"]
    _track(theme=replace(given.theme, share=("facebook",)))
    proof = make_proof(make.draft("First"), config.current())
    assert "facebook.com" in proof.rendered.html
    assert not any("facebook" in address for address in outgoing(proof.rendered, proof.digest))


def test_preview_and_archive_have_the_posts_own_links(client: Client) -> None:
    edition = _sent("First")
    url = Post.objects.get().url
    assert url in client.get(f"/n/{edition.name}/").content.decode()
    assert url in make_proof(edition, config.current()).rendered.html


def test_the_email_stays_below_its_limit_with_longer_links() -> None:
    for number in range(40):
        post = make.post(f"Post {number}", html="<p>" + f'<a href="https://a.example/{number}">word</a> ' * 30 + "</p>")
        Post.objects.filter(pk=post.pk).update(url=f"https://a.example/{number}")
    _track(maximum_size=60_000, body="full")
    edition = approval.approve(config.current(), make.draft("First"))
    html = _mail(edition).partition("Content-Type: text/html")[2]
    assert "/l/" in html
    assert len(html.encode()) <= 61_000


def test_an_edition_that_is_reopened_has_no_links() -> None:
    _track()
    edition = approval.approve(config.current(), make.draft("First"))
    assert CountedLink.objects.exists()
    approval.reopen(edition)
    assert not CountedLink.objects.exists()


# Following a link.


def test_a_link_leads_to_its_post_without_a_cookie() -> None:
    _sent("First")
    answer = _click(_link("First"))
    assert (answer.status_code, answer["Location"]) == (302, Post.objects.get().url)
    assert not answer.cookies
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    "path",
    [
        "/l/https://evil.example/",
        "/l/https:%2F%2Fevil.example%2F",
        "/l/{token}?url=https://evil.example/",
        "/l/{token}/https://evil.example/",
        "/l/{token}x",
        "/l/{short}",
        "/l/{lower}",
        "/l/AAAAAAAAAAAAAAAA",
        "/l/æææææææææææææææ",
        "/l/",
        "/l//evil.example",
        "/l/%0d%0aLocation:%20https://evil.example",
    ],
)
def test_a_link_never_leads_to_an_address_that_the_edition_does_not_have(client: Client, path: str) -> None:
    _sent("First")
    token = _link("First").token
    answer = client.get(path.format(token=token, short=token[:-1], lower=token.swapcase()))
    assert "evil" not in answer.get("Location", "")
    assert answer.status_code == (302 if "?url=" in path else 404)


def test_tokens_can_not_be_guessed_from_others() -> None:
    _sent()
    tokens = list(CountedLink.objects.values_list("token", flat=True))
    assert len({token[:4] for token in tokens}) == len(tokens)
    assert {len(token) for token in tokens} == {16}


def test_post_is_refused() -> None:
    _sent("First")
    assert _click(_link("First"), method="post").status_code == 405


def test_links_go_on_working_without_counting_when_counting_is_turned_off(clock: Clock) -> None:
    _sent("First")
    _track("none")
    assert _click(_link("First")).status_code == 302
    assert _counted(clock) == {}


def test_a_sent_link_is_looked_up_once(django_assert_num_queries: Any) -> None:
    _sent("First")
    link = _link("First")
    _click(link)
    with django_assert_num_queries(0):
        _click(link)


# What counts.


def test_clicks_of_readers_count(clock: Clock) -> None:
    _sent()
    for number in range(5):
        _click(_link("First"), network=f"192.0.2.{number}")
    _click(_link("Second"))
    assert _counted(clock) == {"First": 5, "Second": 1}
    _click(_link("Second"))
    assert _counted(clock) == {"First": 5, "Second": 2}


def test_a_click_waits_before_it_counts(clock: Clock) -> None:
    _sent()
    _click(_link("First"))
    assert _counted(clock, 5) == {}
    assert _counted(clock, 6) == {"First": 1}


def test_a_double_click_counts_once(clock: Clock) -> None:
    _sent()
    for _ in range(3):
        _click(_link("First"))
    assert _counted(clock) == {"First": 1}


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0)",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
        "Mozilla/5.0 (compatible; Barracuda Sentinel)",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 SkypeUriPreview",
    ],
)
def test_programs_do_not_count(clock: Clock, agent: str) -> None:
    _sent()
    assert _click(_link("First"), agent=agent).status_code == 302
    assert _counted(clock, 61) == {}


def test_head_does_not_count_and_neither_does_what_its_network_opens_then(clock: Clock) -> None:
    _sent()
    _click(_link("First"), method="head")
    _click(_link("First"))
    _click(_link("Second"), network="192.0.2.9")
    assert _counted(clock, 30) == {"Second": 1}
    assert _counted(clock, 31) == {"Second": 1}
    _click(_link("First"))
    assert _counted(clock) == {"First": 1, "Second": 1}


def test_a_prefetch_does_not_count(clock: Clock) -> None:
    _sent()
    Client().get(f"/l/{_link('First').token}", headers={"User-Agent": BROWSER, "Sec-Purpose": "prefetch"})
    assert _counted(clock, 61) == {}


def test_a_burst_of_several_links_does_not_count(clock: Clock) -> None:
    _sent()
    for title in ("First", "Second", "Third", "Fourth"):
        _click(_link(title))
        clock.now += 1
    _click(_link("First"), network="192.0.2.9")
    assert _counted(clock, 61) == {"First": 1}


def test_during_sending_two_links_at_once_are_a_scanners(clock: Clock) -> None:
    _sent(ended=False)
    _click(_link("First"))
    _click(_link("Second"))
    _click(_link("First"), network="192.0.2.9")
    assert _counted(clock, 61) == {"First": 1}


def test_a_household_with_ipv6_is_one_network(clock: Clock) -> None:
    _sent()
    _click(_link("First"), network="2001:db8::1")
    _click(_link("First"), network="2001:db8::2")
    assert _counted(clock) == {"First": 1}


def test_before_the_first_email_nothing_counts(clock: Clock) -> None:
    _track()
    approval.approve(config.current(), make.draft("First"))
    assert _click(_link("First")).status_code == 302
    assert _counted(clock) == {}


def test_clicks_that_could_not_be_stored_are_stored_later(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    _sent()
    _click(_link("First"))
    with monkeypatch.context() as patch:
        patch.setattr(CountedLink.objects, "filter", _fail)
        with pytest.raises(RuntimeError):
            _counted(clock)
    assert _counted(clock) == {"First": 1}


def _fail(**_: object) -> None:
    raise RuntimeError


def test_an_attack_from_many_networks_fills_no_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted_links, "MAXIMUM", 3)
    _sent()
    for number in range(9):
        _click(_link("First"), network=f"192.0.2.{number}")
    assert _counted(clock) == {"First": 3}


# Nothing connects a click with a person.


def test_no_table_log_or_cookie_connects_a_click_with_a_person(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    edition = _sent()
    before = _rows()
    with caplog.at_level("DEBUG"):
        for address in ("192.0.2.77", "2001:db8:77::1"):
            client = Client(REMOTE_ADDR=address)
            answer = client.get(f"/l/{_link('First').token}", headers={"User-Agent": BROWSER, "Cookie": "a=b"})
            assert not answer.cookies
        _counted(clock)
    after = _rows()
    assert {table for table in after if after[table] != before[table]} == {"newsletter_countedlink"}
    columns = {field.name for field in CountedLink._meta.get_fields()}
    assert columns == {"id", "content", "token", "address", "post", "clicks"}
    said = "\n".join([*(record.getMessage() for record in caplog.records), repr(after)])
    for trace in ("192.0.2.77", "2001:db8:77", "Firefox"):
        assert trace not in said
    assert edition.name in repr(after) or edition.period in repr(after)


def _rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            found[table] = cursor.fetchall()
        return found


# At the desk.


def test_the_report_shows_the_most_read_posts(clock: Clock, editor: Client) -> None:
    edition = _sent()
    for number in range(3):
        _click(_link("Second"), network=f"192.0.2.{number}")
    _click(_link("First"))
    _counted(clock)
    Edition.objects.update(state="sent")
    page = editor.get(f"/desk/editions/{edition.name}/report/").content.decode()
    table = page[page.index("Most read") :]
    assert table.index("Second") < table.index("First")
    assert re.search(r'data-label="Clicks">3<', table)


def test_the_report_of_an_edition_whose_links_are_not_counted_says_nothing_of_clicks(editor: Client) -> None:
    edition = _sent()
    CountedLink.objects.all().delete()
    Edition.objects.update(state="sent")
    assert "Most read" not in editor.get(f"/desk/editions/{edition.name}/report/").content.decode()
