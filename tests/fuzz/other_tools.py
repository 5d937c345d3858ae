"""What other tools answer and export: whatever it is, it is read or refused with a sentence, and can be stored."""

import contextlib
import json
import tempfile
from dataclasses import astuple
from pathlib import Path

from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.accounts.ghost_answers import members_of, newsletters_of, posts_of
from newsletter.feeds.accounts.listmonk_answers import ListmonkList, campaigns_of, lists_of, subscribers_of
from newsletter.feeds.archives.issue_limits import LONGEST_NAME, LONGEST_TITLE
from newsletter.feeds.archives.old_issue import ArchiveProblem, LeftOut
from newsletter.feeds.archives.read import _from_line, _write_lines

_GHOST = b'"meta":{"pagination":{"page":1,"limit":15,"pages":2,"total":16}}}'
_LISTMONK = b'"query":"","total":2,"per_page":20,"page":1}}'
_POST = (
    b'{"id":"p","uuid":"u","title":"Bread","slug":"bread","status":"sent","visibility":"public","type":"post",'
    b'"published_at":"2023-01-02T08:00:00.000Z","html":"<p>Bake.</p>","email_subject":"Bake!","feature_image":"/a.png"}'
)
_CAMPAIGN = (
    b'{"id":1,"uuid":"c1","subject":"Bread","body":"# Bake","content_type":"markdown","type":"regular",'
    b'"status":"finished","created_at":"2023-01-02T08:00:00Z"}'
)
SAMPLES = (
    b'{"newsletters":[{"id":"n1","name":"Weekly","slug":"weekly","status":"active"}]}',
    b'{"members":[{"id":"m1","email":"kari@reader.example","name":null,"created_at":"2022-03-16","labels":[{"name":"a"}],'
    b'"newsletters":[{"id":"n1"}],"email_suppression":{"suppressed":true,"info":{"reason":"spam"}}}],' + _GHOST,
    b'{"posts":[' + _POST + b"]," + _GHOST,
    b'{"db":[{"data":{"posts":[' + _POST + b'],"posts_meta":[{"post_id":"p","email_subject":"Bake!"}]}}]}',
    b'{"data":{"results":[{"id":1,"name":"Weekly","uuid":"l1","optin":"double"}],' + _LISTMONK,
    b'{"data":{"results":[{"id":7,"email":"ola@reader.example","name":"Ola","status":"enabled","lists":[{"id":1,'
    b'"subscription_status":"confirmed"}]}],' + _LISTMONK,
    b'{"data":{"results":[' + _CAMPAIGN + b"]," + _LISTMONK,
)
TOKENS = (
    b"1e999", b"-1e999", b"NaN", b"Infinity", b"-1", b"1.5", b"9" * 5_000, b"0", b"2147483648", b"null", b"true", b"[]",
    b"{}", b"[" * 3_000, b'{"a":' * 3_000, b'"', b"\\", b"\\u0000", b"\\ud800", b"\0", b"\xff", b"\xef\xbb\xbf", b",",
    b":", b"x" * 20_000, b'"id":', b'"pages":', b'"total":', b'"per_page":', b'"title":', b'"html":', b'"posts":[',
    b"https://[", b"2023-01-02", b"0001-01-01", b"9999-12-31T23:59:59-23:59", b"<table><tr><td>", b"{{ ",
)  # fmt: skip


def tried(data: bytes) -> None:
    """Read the data as each of the answers, and as a file of old issues."""
    for read in (newsletters_of, lists_of):
        with contextlib.suppress(AccountProblem):
            read(data)
    weekly = ListmonkList(id=1, name="Weekly")
    for page_of, arguments in (
        (members_of, ("n1",)),
        (posts_of, ()),
        (subscribers_of, (weekly,)),
        (campaigns_of, ()),
    ):
        with contextlib.suppress(AccountProblem):
            page = page_of(data, 1, *arguments)
            assert len(page.ids) == len(page.rows)
            assert all("\n" not in row and json.loads(row) for row in page.rows)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ArchiveProblem):
        file, lines = Path(folder) / "issues.json", Path(folder) / "lines"
        file.write_bytes(data)
        _write_lines(file, lines, "Europe/Oslo", "https://old.example")
        for line in lines.read_bytes().splitlines():
            entry = _from_line(line)
            if isinstance(entry, LeftOut):
                assert len(entry.name) <= LONGEST_NAME + 1
            else:
                assert len(entry.title) <= LONGEST_TITLE
                assert "\0" not in str(astuple(entry))
                repr(astuple(entry)).encode()
                entry.title.encode()
