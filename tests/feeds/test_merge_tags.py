"""Old issues of other tools read as if nobody had been addressed: no gaps where a subscriber's values were."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.feeds.archives.old_issue import OldIssue
from newsletter.feeds.archives.read import clean_issue
from newsletter.feeds.formats.markdown import markdown
from newsletter.messages import archives as messages
from tests.feeds.test_archives import OSLO, ghost_post, read, zipped

MAY = datetime(2024, 5, 3, 16, tzinfo=UTC)
LONG = "The dough rests for an hour" + ", and then it is folded" * 20

LINK = '<a href="https://blog.example/rye">Rye</a>'


def clean(html: str, key: str = "mailchimp:1", *, braces: bool = False, title: str = "Bread") -> str:
    """Return an issue's clean HTML."""
    return clean_issue(OldIssue(key, title, MAY, html, merge_tags=braces)).html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello *|FNAME|*,</p>", "<p>Hello,</p>"),
        ("<p>Hello <b>*|FNAME|* *|LNAME|*</b>!</p>", "<p>Hello!</p>"),
        ("<p>Dear *|FNAME|*</p>", "<p>Dear</p>"),
        ("<p>*|FNAME|*, we baked.</p>", "<p>We baked.</p>"),
        ("<p>Hi *|TITLE:FNAME|* and all.</p>", "<p>Hi and all.</p>"),
        ("<p>Hi *|IF:FNAME|**|FNAME|**|ELSE:|*friend*|END:IF|*,</p>", "<p>Hi friend,</p>"),
        ("<p>Hi*|IF:FNAME|* *|FNAME|**|END:IF|*,</p>", "<p>Hi,</p>"),
        ("<p>Hi *|IF:A=1|*one*|ELSEIF:A=2|*two*|END:IF|*.</p>", "<p>Hi.</p>"),
        ("<p>A *|IF:A=1|*x*|IF:B|*y*|ELSE:|*z*|END:IF|**|ELSE:|*b*|IFNOT:B|*c*|END:IF|**|END:IF|*</p>", "<p>A bc</p>"),
        ("<p>Salt*|IFNOT:ARCHIVE_PAGE|* in the email*|END:IF|*.</p>", "<p>Salt.</p>"),
        ("<p>Until *|CURRENT_YEAR|* we bake.</p>", "<p>Until 2024 we bake.</p>"),
        ("<p>Rye.</p><p>© *|CURRENT_YEAR|* *|LIST:COMPANY|*, all rights reserved.</p>", "<p>Rye.</p>"),
        ('<p>Rye.</p><p>Tired? <a href="*|UNSUB|*">Leave</a>.</p>', "<p>Rye.</p>"),
        ('<ul><li>Rye</li><li><a href="*|FORWARD|*">Pass it on</a></li></ul>', "<ul><li>Rye</li></ul>"),
        ("<div>Rye.</div><div>We live at:<br>*|HTML:LIST_ADDRESS_HTML|*</div>", "<p>Rye.</p>"),
        ("<p>Rye.</p><p>We live at:</p><p>*|LIST:ADDRESS|*</p>", "<p>Rye.</p>"),
        ("<p>Rye from *|LIST:COMPANY|*. Wheat from us.</p>", "<p>Wheat from us.</p>"),
        (f'<p>{LONG}. You can <a href="*|UNSUB|*">leave</a>. Salt.</p>', f"<p>{LONG}. Salt.</p>"),
        ('<p>Read <a href="https://blog.example/?u=*|UNIQID|*">all of it</a>.</p>', "<p>Read all of it.</p>"),
        ('<p><a href="mailto:*|LIST:EMAIL|*">Write</a> to me. Rye is dark.</p>', "<p>Write to me. Rye is dark.</p>"),
        ('<p>Rye is dark. We are on <a href="*|FACEBOOK:PROFILEURL|*">F</a>.</p>', "<p>Rye is dark. We are on F.</p>"),
        (f'<p>{LONG[:100]}. <a href="*|FORWARD|*">Pass it on</a>.</p>', f"<p>{LONG[:100]}.</p>"),
        ('<p>Hi %%{first_name, "you"}%%, and %%{first_name}%%.</p>', "<p>Hi you, and.</p>"),
        ("<p>{first_name} is a variable.</p>", "<p>{first_name} is a variable.</p>"),
    ],
)
def test_tags_and_the_lines_that_are_nothing_else_are_left_out(html: str, expected: str) -> None:
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hi {{ .Subscriber.FirstName }}!</p>", "<p>Hi!</p>"),
        ("<p>Hi {{ if .Subscriber.Name }}{{ .Subscriber.Name }}{{ else }}you{{ end }}!</p>", "<p>Hi you!</p>"),
        ("<p>Hi {% if subscriber.name %}{{ subscriber.name }}{% else %}you{% endif %}!</p>", "<p>Hi you!</p>"),
        ('<p>Rye.</p><p>Or <a href="{{ UnsubscribeURL }}">leave</a> us.</p>', "<p>Rye.</p>"),
        ('<p><a href="{{ TrackLink "https://blog.example/rye" . }}">Rye</a></p>', f"<p>{LINK}</p>"),
        ('<p><a href="https://blog.example/rye@TrackLink">Rye</a>{{ TrackView }}</p>', f"<p>{LINK}</p>"),
        ("<p>Use <code>{{ braces }}</code>.</p>", "<p>Use <code>{{ braces }}</code>.</p>"),
    ],
)
def test_tags_of_buttondown_and_listmonk(html: str, expected: str) -> None:
    assert clean(html, "listmonk:1", braces=True) == expected


def test_markdown_of_buttondown() -> None:
    body = "Dear {{ subscriber.metadata.name }},\n\nRye.\n\nYou can [leave]({{ unsubscribe_url }}) or stay.\n"
    assert clean(markdown(body, merge_tags=True), "buttondown:1", braces=True) == "<p>Dear,</p><p>Rye.</p>"


def test_ghost_names_its_readers_in_braces(tmp_path: Path) -> None:
    html = '<p>Hi {first_name, "there"}, hi {name}.</p><p><code>{name}</code></p>'
    path = tmp_path / "ghost.json"
    path.write_text(json.dumps({"data": {"posts": [ghost_post(html=html)]}}))
    issue = read(path)[0]["Spring"]
    assert clean_issue(issue).html == "<p>Hi there, hi.</p><p><code>{name}</code></p>"


EMAIL = """<html><head><title>*|MC:SUBJECT|*</title></head><body><center><table align="center" width="100%"><tr>
<td align="center"><table width="600">
<tr><td><a href="*|ARCHIVE|*">See this in a browser</a></td></tr>
<tr><td style="text-align: center"><table><tr><td><h1>{title}</h1><p>Good day *|FNAME|*,</p><p>Rye is dark.</p>
<p align="center">* * *</p></td></tr></table></td></tr>
<tr><td id="templateFooter"><table><tr><td>
<em>Copyright © *|CURRENT_YEAR|* *|LIST:COMPANY|*, all rights are ours.</em><br>
<strong>Our postal address:</strong><br>*|LIST:ADDRESSLINE|*<br>Do you want fewer of these?<br>
You may <a href="*|UPDATE_PROFILE|*">choose</a> or <a href="*|UNSUB|*">leave</a>.<br>
*|IF:REWARDS|* *|HTML:REWARDS|* *|END:IF|*
</td></tr></table></td></tr></table></td></tr></table></center></body></html>"""


@pytest.mark.parametrize("footer", ["templateFooter", "last"])
def test_an_email_is_left_without_frame_footer_and_alignment(footer: str) -> None:
    html = clean(EMAIL.format(title="On rye").replace("templateFooter", footer), title="On rye")
    assert html == '<p>Good day,</p><p>Rye is dark.</p><p align="center">* * *</p>'
    assert clean(EMAIL.format(title="Rye")).startswith("<h1>Rye</h1><p>Good day,</p>")


def test_a_document_of_mailchimp_that_no_line_names_is_not_ignored(tmp_path: Path) -> None:
    table = 'Title,Subject,Send Date\nRye,"Rye for you, *|FNAME|*","Jan 19, 2024 06:00 pm"\n'
    files = {
        "campaigns.csv": table,
        "campaigns_content/1_rye.html": "<p>Rye</p>",
        "campaigns_content/2_lost.html": "<html><head><title>Lost</title></head><body>Oats</body></html>",
        "campaigns_content/3_2023-02-01-oats.html": "<html><head><title>On oats</title></head><body>Oats</body></html>",
        "campaigns_content/2023-03-01-wheat.html": EMAIL.format(title="Wheat"),
    }
    issues, left_out = read(zipped(tmp_path / "mailchimp.zip", files))
    assert issues.keys() == {"Rye for you", "On oats", "Wheat"}
    assert issues["On oats"].published == datetime(2023, 2, 1, 12, tzinfo=OSLO)
    assert left_out == {"campaigns_content/2_lost.html": messages.NO_DATE.code}
