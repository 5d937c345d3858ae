"""Subjects and preheaders."""

import resource

import pytest

from newsletter.config.newsletters import SUBJECTS
from newsletter.render import subject as subject_module
from newsletter.render.edition import render
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.lint import lint
from newsletter.render.lint.codes import SUBJECT_LENGTH
from newsletter.render.subject import beginning, preheader, subject
from tests.render.samples import SINCE, UNTIL, digest, letterhead, post

POSTS = [post(0, title='"Beans"\n & \u200dmore'), post(1), post(2)]


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ newsletter.title }}, uke {{ week }}: {{ posts[0].title }}", 'Kaffebrevet, uke 6: "Beans" & \u200dmore'),
        ("{{ date }} {{ month }} {{ year }}", "6. februar 2026 februar 2026"),
        ("{{ words.week }} {{ posts | length }} {{ until.hour }} {{ since.day }}", "uke 3 18 30"),
    ],
)
def test_templates(template: str, wanted: str) -> None:
    assert subject(template, letterhead(), POSTS, SINCE, UNTIL) == wanted


@pytest.mark.parametrize(
    ("titles", "wanted"),
    [
        ([], "Kaffebrevet"),
        (["Varme kilder"], "Varme kilder"),
        (["Varme kilder", "B", "C"], "Varme kilder, og 2 til"),
        (["Det er flo.", "B"], "Det er flo, og 1 til"),
        (["Vent...", "B"], "Vent..., og 1 til"),
        (["Er det flo?", "B"], "Er det flo? og 1 til"),
        (["Words " * 20, "B"], "Words Words Words Words Words Words Words Words Words…, og 1 til"),
    ],
)
def test_news_is_the_first_headline_with_the_number_of_others(titles: list[str], wanted: str) -> None:
    posts = [post(number, title=title, language="") for number, title in enumerate(titles)]
    assert subject("{{ news }}", letterhead(), posts, SINCE, UNTIL) == wanted


@pytest.mark.parametrize(
    ("language", "newsletter", "wanted"),
    [
        ("en", "nb", "Hot springs, and 1 more"),
        ("", "nb", "Hot springs, og 1 til"),
        ("cy", "nb", "Hot springs, og 1 til"),
        ("en", "cy", "Hot springs, and 1 more"),
        ("ar", "en", "Hot springs و1 أخرى"),
    ],
)
def test_a_subject_is_in_the_language_of_its_headline_if_its_words_are_known(
    language: str, newsletter: str, wanted: str
) -> None:
    posts = [post(0, title="Hot springs", language=language), post(1)]
    assert subject("{{ news }}", letterhead(language=newsletter), posts, SINCE, UNTIL) == wanted


@pytest.mark.parametrize(
    ("titles", "wanted"),
    [
        (["v3.9.0", "v3.8.11", "v3.8.10"], "v3.9.0 · v3.8.11, and 1 more"),
        (["分析", "The harbour"], "分析 · The harbour"),
        (["v3.9.0", "A" * 60], "v3.9.0, and 1 more"),
        (["Tea", "v3.8.11"], "Tea · v3.8.11"),
        (["Boats", "v3.8.11"], "Boats, and 1 more"),
        (["Tea", "Tea"], "Tea, and 1 more"),
    ],
)
def test_a_headline_that_says_little_is_followed_by_the_next(titles: list[str], wanted: str) -> None:
    posts = [post(number, title=title) for number, title in enumerate(titles)]
    assert subject("{{ news }}", letterhead(language="en"), posts, SINCE, UNTIL) == wanted


def test_marks_of_replies_and_headlines_that_were_named_are_left_out() -> None:
    titles = ["Help • Re: A font", "Help • Re: A font", "Help • A font", "Re: Boats", "AW: Salt", "Tea at the quay"]
    posts = [post(number, title=title) for number, title in enumerate(titles)]
    assert subject("{{ news }}", letterhead(language="en"), posts[:2], SINCE, UNTIL) == "Help • A font, and 1 more"
    line = preheader([*posts, post(9, title="Salt and pepper of the sea")], "en")
    assert line == "Boats · Salt · Tea at the quay · Salt and pepper of the sea"


def test_default_subjects_name_the_first_post_if_there_is_one() -> None:
    head = letterhead()
    for template in SUBJECTS.values():
        assert subject(template, head, POSTS, SINCE, UNTIL) == subject("{{ news }}", head, POSTS, SINCE, UNTIL)
    assert subject(SUBJECTS["week"], head, [], SINCE, UNTIL) == "Kaffebrevet · uke 6"
    assert subject(SUBJECTS["day"], head, [], SINCE, UNTIL) == "Kaffebrevet · 6. februar 2026"
    assert subject(SUBJECTS["month"], head, [], SINCE, UNTIL) == "Kaffebrevet · februar 2026"


@pytest.mark.parametrize("language", ["nb", "ar", "zh"])
@pytest.mark.parametrize(
    "title", ["A", "Words " * 30, "W" * 200, "Kaffebrevet turns ten: " + "its readers celebrate " * 3]
)
def test_no_default_subject_has_a_warning(language: str, title: str) -> None:
    head = letterhead(language=language)
    posts = [post(0, title=title), *(post(number) for number in range(1, 120))]
    edition = digest(posts[:2], letterhead=head, subject=subject(SUBJECTS["week"], head, posts, SINCE, UNTIL))
    assert len(edition.subject) <= SUBJECT_LENGTH
    assert [f.code for f in lint(render(edition), edition) if f.code.startswith("subject")] == []


@pytest.mark.parametrize("template", SUBJECTS.values())
def test_an_arabic_subject_has_no_latin_comma(template: str) -> None:
    head = letterhead(language="ar", title="رسالة القهوة")
    posts = [post(0, title="القهوة في الجبال", language="ar"), post(1)]
    for few in ([], posts[:1], posts):
        assert "," not in subject(template, head, few, SINCE, UNTIL)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (
            "{{ wek }}",
            "newsletters.kaffebrevet.subject: 'wek' is undefined; the names are news, newsletter, posts, week",
        ),
        ("a\n{% if %}", "newsletters.kaffebrevet.subject line 2: "),
        ("{{ posts > 1 }}", "newsletters.kaffebrevet.subject: TypeError"),
        ("{{ ''.__class__ }}", "newsletters.kaffebrevet.subject: "),
        (" {{ '' }} ", "newsletters.kaffebrevet.subject: the result is empty"),
    ],
)
def test_an_error_is_one_sentence(template: str, words: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        subject(template, letterhead(), POSTS, SINCE, UNTIL)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_no_post_to_name() -> None:
    with pytest.raises(TemplateProblem, match="there is no post for the subject to name"):
        subject("{{ posts[0].title }}", letterhead(), [], SINCE, UNTIL)


def test_preheader_is_the_other_headlines_as_far_as_they_fit() -> None:
    posts = [post(n) for n in range(9)]
    line = preheader(posts, "nb")
    assert line == " · ".join(p.title for p in posts[1:5])
    assert 40 <= len(line) <= 140


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Dear {name|reader},\n\n![A quay](/a.png)\n![A ferry](/b.png)\n\nit is back.", "Dear, it is back."),
        ("Look:\n\nhttps://youtu.be/abcdef\n\n| By |\n| --- |\n| Oslo |", "Look: By Oslo"),
        ("::: sponsor\nCake!\n\n![A](/a.png)\n:::\n\nIt is back.", "It is back."),
        ("Read [this](https://a.example/b).\n\n[Book](https://a.example/c){button}", "Read this. Book"),
        ("::: sponsor\n[Cake](https://a.example/b)\n:::", "Cake"),
        ("## News\n\nSee *this*:\n\n- a map\n- a **letter**\n\n> Keep.", "News · See this: a map · a letter · Keep."),
        ("![A quay](/a.png)", "[A quay]"),
        (" ", ""),
    ],
)
def test_preview_text_of_a_letter_is_its_beginning_without_images_videos_and_sponsors(text: str, line: str) -> None:
    assert beginning(text) == line


@pytest.mark.parametrize(
    ("html", "line"),
    [
        (
            post(0).html,
            (
                "Beans of lot 0 leave the farm by mule. They reach the port a week later. Nobody hurries them. "
                "The second leg goes by sea, and takes a month."
            ),
        ),
        (f"<p>{'beans and ' * 30}</p>", f"{'beans and ' * 13}beans…"),
        ('<p>The <a href="https://x.example/">ferry</a> sails.</p><ul><li>At six</li></ul>', "The ferry sails. At six"),
        ('<p><a href="https://x.example/1.mp3">Post</a><br>42 min</p><p>Of boats.</p>', "Of boats. ▶\xa042\xa0min"),
        ('<img src="https://x.example/a.png" alt="A boat">', post(0).title),
    ],
)
def test_preheader_of_one_post_is_its_text(html: str, line: str) -> None:
    """Without what the plain text marks: addresses of links, images, and items of lists."""
    assert preheader([post(0, html=html)], "nb") == line


def test_a_duration_in_the_preheader_is_in_the_edition_s_language() -> None:
    html = '<p><a href="https://x.example/1.mp3">Post</a><br>1 h 2 min</p><p>Of boats.</p>'
    assert preheader([post(0, html=html)], "de") == "Of boats. ▶\xa01\xa0Std.\xa02\xa0Min."


def test_the_preheader_is_empty_without_posts() -> None:
    assert preheader([], "nb") == ""
    assert preheader([post(0, html="")], "nb") == post(0).title
    assert preheader([post(0, html="", title="T" * 300)], "nb") == "T" * 139 + "…"


HOSTILE = [
    ('{{ "x" * 999999999 }}', "2 s or 256 MB"),
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "2 s or 256 MB"),
    ('{{ "x" * 20000 }}', "at most 10,000"),
]


@pytest.mark.e2e
@pytest.mark.parametrize(("template", "words"), HOSTILE, ids=["memory", "time", "length"])
def test_a_template_that_takes_too_much_costs_only_itself(template: str, words: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(TemplateProblem) as problem:
        subject(template, letterhead(), POSTS, SINCE, UNTIL)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert str(problem.value).startswith("newsletters.kaffebrevet.subject: ")
    assert words in str(problem.value)
    assert after.ru_utime - before.ru_utime < 0.5
    assert after.ru_maxrss - before.ru_maxrss < 50_000


@pytest.mark.e2e
def test_a_template_with_a_loop_is_rendered_in_a_child_that_is_kept() -> None:
    template = "{% for post in posts %}{{ post.title | replace('Post', 'Nr.') }}, {% endfor %}"
    assert subject(template, letterhead(), POSTS[1:], SINCE, UNTIL).startswith("Nr. 1: how the beans travel, Nr. 2")
    child = subject_module._child()._child
    assert subject("{{ 6 * 7 }}", letterhead(), POSTS, SINCE, UNTIL) == "42"
    assert subject_module._child()._child is child


@pytest.mark.parametrize("template", ["{{ news }}", *SUBJECTS.values(), "{{ posts | length }} {{ words.week }}"])
def test_a_template_that_only_inserts_names_needs_no_child(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_module, "_child", None)
    assert subject(template, letterhead(), POSTS, SINCE, UNTIL)


@pytest.mark.e2e
@pytest.mark.parametrize("template", ["{{ unknown }}", "{{ posts[9].title }}", "{% if %}", "{{ news.x() }}"])
def test_a_mistake_has_the_same_sentence_in_the_child(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for plain in (True, False):
        monkeypatch.setattr(subject_module, "is_plain", lambda _template, plain=plain: plain)
        with pytest.raises(TemplateProblem) as problem:
            subject(template, letterhead(), POSTS, SINCE, UNTIL)
        said.append(str(problem.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("title", "subject_line"),
    [
        (
            "The harbour of the old town gets a sauna beside the lighthouse now",
            "The harbour of the old town gets a sauna beside the lighthouse now",
        ),
        (
            "The harbour of the old town gets a sauna on top of the old fish market and a quay",
            "The harbour of the old town gets a sauna…, and 1 more",
        ),
        (
            "The council wrote to everybody in town that the 14 boats of the harbour will sail",
            "The council wrote to everybody in town that the 14 boats…, and 1 more",
        ),
        (
            "All of the boats at the quay were asked “do we want to sail so early in the morning”",
            "All of the boats at the quay were asked…, and 1 more",
        ),
    ],
)
def test_a_long_headline_ends_where_it_says_something(title: str, subject_line: str) -> None:
    posts = [post(0, title=title), post(1)]
    assert subject("{{ news }}", letterhead(language="en"), posts, SINCE, UNTIL) == subject_line
