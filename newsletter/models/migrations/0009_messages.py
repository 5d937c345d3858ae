"""Turns stored English sentences into messages: a code with parameters.

The sentences are those of the version before. One that is not known is kept word for word, under the code `text`.
"""

import json
import re
from datetime import UTC, datetime
from functools import partial

from django.db import migrations, models

import newsletter.models.message_field


def message(code, **params):
    return {"code": code, "params": dict(sorted(params.items()))}


def text(words):
    return message("text", words=words)


def at(words, zone=UTC):
    """An instant, from `2026-02-06 18:00`."""
    return {"at": datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC).isoformat()}


def known(sentence, patterns):
    """The message of the first pattern that the whole sentence fits; None where there is none."""
    for pattern, make in patterns:
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return make(found)
    return None


POST_REASONS = {
    "in the window": "post.in-the-period",
    "late": "post.late",
    "too late": "post.too-late",
    "there before the first collection": "post.there-before",
    "filtered by word": "post.filtered-by-word",
    "filtered by category": "post.filtered-by-category",
    "over the maximum": "post.over-the-maximum",
    "gone from its source": "post.gone",
    "left out by an editor": "post.removed",
    "included by an editor": "post.added",
    "dated in the future": "post.in-the-future",
    "outside the window": "post.outside",
}


def post_reason(sentence):
    """Why a post is in or out; None for no reason."""
    if not sentence:
        return None
    if sentence in POST_REASONS:
        return message(POST_REASONS[sentence])
    if found := re.fullmatch(r"already in (\S+)", sentence):
        return message("post.already-in", edition=found[1])
    if (found := re.fullmatch(r"(.+) \(in (\S+)\)", sentence)) and found[1] in POST_REASONS:
        return message("post.decided-before", edition=found[2], reason=message(POST_REASONS[found[1]]))
    return text(sentence)


SILENT = re.compile(r"(the last edition|\d{4}-\d\d-\d\d \d\d:\d\d): ")


def sources_not_read(told, zone):
    """From `the last edition: URL, 2026-02-05 10:00: URL`; times are in the newsletter's zone."""
    _, *parts = SILENT.split(told)
    pairs = [(when, url.removesuffix(", ")) for when, url in zip(parts[::2], parts[1::2])]
    sources = [
        message("edition.source-not-read", url=url)
        if when == "the last edition"
        else message("edition.source-last-read", at=at(when, zone), url=url)
        for when, url in pairs
    ]
    return message("edition.sources-not-read", count=len(sources), sources=sources) if sources else None


MAIL_LINKS = r"site\.url is (\S+): readers could not follow a mail's links there; give it a public https address in config\.toml"


def edition_patterns(zone):
    """Why an edition waits, is paused, skipped or cancelled."""
    return (
        (r"nobody has approved it yet", lambda m: message("edition.not-approved")),
        (r"replaced by (\S+), which has its posts", lambda m: message("edition.replaced", edition=m[1])),
        (
            r"its posts are in (\S+); use what was written here elsewhere, or cancel it",
            lambda m: message("edition.text-left", edition=m[1]),
        ),
        (r"its posts are in (\S+)", lambda m: message("edition.posts-elsewhere", edition=m[1])),
        (
            r"its time was (\d{4}-\d\d-\d\d \d\d:\d\d)Z and nothing ran then; send it by hand",
            lambda m: message("edition.time-passed", at=at(m[1])),
        ),
        (
            r"not read since (.+); what it has is missing until it answers",
            lambda m: sources_not_read(m[1], zone),
        ),
        (
            r"(no|\d+) posts?, and minimum_posts is (\d+); what there is waits for the next",
            lambda m: message(
                "edition.too-few-posts", count=0 if m[1] == "no" else int(m[1]), minimum=int(m[2])
            ),
        ),
        (r"cancelled before its first mail", lambda m: message("edition.cancelled-unsent")),
        (r"the edition was cancelled", lambda m: message("sending.cancelled")),
        (r"paused by hand", lambda m: message("sending.paused-by-hand")),
        (r"by (\S+@\S+)", lambda m: message("sending.paused-by", who=m[1])),
        (
            r"the mail server refused the login: (.+); check delivery\.smtp\.user and password",
            lambda m: message("sending.login-refused", reply=m[1]),
        ),
        (
            r"(\d+) of the last (\d+) replies hold something against us, the latest: (.+); "
            r"find out why before you resume",
            lambda m: message("sending.too-many-refusals", refused=int(m[1]), reply=m[3], tried=int(m[2])),
        ),
        (
            r"“(.+)” is already in (\S+); refresh the draft with 'newsletter draft (\S+)', then look at it again",
            lambda m: message("edition.post-taken", edition=m[2], newsletter=m[3], title=m[1]),
        ),
        (
            r"(\S+) has lint errors: (\S+): (.+?)(?: and \d+ more)?; mend them, or overrule them by name "
            r"with --despite-lint (\S+)",
            lambda m: message(
                "edition.lint-errors",
                code=m[2],
                codes=m[4],
                count=m[4].count(",") + 1,
                message=text(m[3]),
                name=m[1],
            ),
        ),
        (MAIL_LINKS, lambda m: message("links.local", url=m[1])),
        (
            MAIL_LINKS + r", or use --allow-local-links \(addresses outside reserved names such as \.example: (\d+)\)",
            lambda m: message("links.local-for-some", count=int(m[2]), url=m[1]),
        ),
    )


def edition_message(sentence, zone=UTC):
    """Why an edition waits, is paused, skipped or cancelled; None for no reason."""
    return (known(sentence, edition_patterns(zone)) or text(sentence)) if sentence else None


POST_ACTS = {
    "left out": "revision.post-removed",
    "included": "revision.post-added",
    "left to the rules": "revision.post-reset",
    "pinned": "revision.post-pinned",
    "unpinned": "revision.post-unpinned",
    "retitled": "revision.headline-changed",
    "rewrote": "revision.text-changed",
    "moved": "revision.post-moved",
}
ACTS = {
    "made": "revision.created",
    "refreshed from its sources": "revision.refreshed",
    "its sources changed a post": "revision.sources-changed",
    "posts changed at their source": "revision.sources-changed",
    "approved": "act.approved",
    "reopened": "act.reopened",
    "queued": "act.queued",
    "cancelled": "act.cancelled",
    "skipped": "act.skipped",
    "paused": "act.paused",
    "resumed": "act.resumed",
    "proof": "act.test-sent",
    "sent the unknown ones again": "act.unconfirmed-resent",
    "left the unknown ones": "act.unconfirmed-left",
    "user added": "act.user-added",
    "user removed": "act.user-removed",
    "role changed": "act.role-changed",
    "sending changed": "act.sending-changed",
    "password set": "act.password-set",
    "password link asked for": "act.password-link",
    "second factor on": "act.two-step-on",
    "second factor off": "act.two-step-off",
    "recovery codes made": "act.recovery-codes-made",
    "recovery code used": "act.recovery-code-used",
    "import": "act.imported",
    "export": "act.exported",
    "subscriber added": "act.subscriber-added",
    "tags changed": "act.tags-changed",
    "unsubscribed": "act.unsubscribed",
    "suppressed": "act.blocked",
    "suppression lifted": "act.unblocked",
    "erased": "act.erased",
    "settings changed": "act.settings-changed",
}


def act_message(sentence, titles):
    """What was done; `titles` are the headlines of posts by their numbers."""
    if sentence in ACTS:
        return message(ACTS[sentence])
    if (found := re.fullmatch(r"(.+) post (\d+)", sentence)) and found[1] in POST_ACTS:
        return message(POST_ACTS[found[1]], title=titles.get(int(found[2])) or found[2])
    if found := re.fullmatch(r"back to revision (\d+)", sentence):
        return message("revision.restored", number=int(found[1]))
    if re.fullmatch(r"set (?:(?:subject|preheader|greeting|closing)(?:, )?)+", sentence):
        fields = [message(f"field.{key}") for key in sentence.removeprefix("set ").split(", ")]
        return message("revision.texts-changed", fields=fields)
    if found := re.fullmatch(r"approved: (\S+)", sentence):
        return message("revision.posts-released", edition=found[1])
    if found := re.fullmatch(r"made to correct (\S+)", sentence):
        return message("revision.correction-created", edition=found[1])
    if found := re.fullmatch(r"added “(.*)”", sentence, re.DOTALL):
        return message("revision.post-written", title=found[1])
    return text(sentence)


STATES = ("draft", "approved", "queued", "sending", "paused", "sent", "cancelled", "skipped")
OUTCOMES = {
    "no edition: the date is in 'skip'": "schedule.date-skipped",
    "missed: nothing ran; the next one took its place": "schedule.missed",
    "its edition left early, by hand; later posts wait for the next": "schedule.sent-early",
    "its edition has left already, or was given up": "schedule.over",
}
NAME = r"([a-z0-9-]+/\S+)"


def outcome_message(sentence):
    """What came of an occurrence; None where it is not done."""
    if not sentence:
        return None
    if sentence in OUTCOMES:
        return message(OUTCOMES[sentence])
    if (found := re.fullmatch(NAME + r": (\w+)", sentence)) and found[2] in STATES:
        return message("schedule.drafted", edition=found[1], state=message(f"state.{found[2]}"))
    if found := re.fullmatch(NAME + r" is queued", sentence):
        return message("schedule.queued", edition=found[1])
    return notice_message(sentence)


def notice_message(sentence):
    """What editors were told."""
    for pattern, code in (
        (NAME + r" was skipped: (.+)", "schedule.skipped"),
        (NAME + r" waits: (.+)", "schedule.waiting"),
        (NAME + r" is paused: (.+)", "notice.paused"),
    ):
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return message(code, edition=found[1], reason=edition_message(found[2]))
    return text(sentence)


def convert(rows, field, make):
    """Replace each value of a text column by its message as JSON, or by NULL."""
    for sentence in list(rows.order_by().values_list(field, flat=True).distinct()):
        made = None if sentence is None else make(sentence)
        rows.filter(**{field: sentence}).update(**{field: None if made is None else json.dumps(made)})


def converted_posts(posts):
    """The posts of a snapshot with their reasons as messages."""
    return {
        number: {**post, "reason": post_reason(post["reason"])} if isinstance(post, dict) and "reason" in post else post
        for number, post in posts.items()
    }


def converted_change(change):
    """The reasons in what the audit log has of before or after."""
    if not isinstance(change, dict):
        return change
    if isinstance(change.get("posts"), dict):
        change = {**change, "posts": converted_posts(change["posts"])}
    if isinstance(change.get("reason"), str):
        change = {**change, "reason": edition_message(change["reason"])}
    return change


def zones():
    """The time zones of the newsletters in the configuration in force."""
    from newsletter import config

    return {name: newsletter.zone for name, newsletter in config.current().newsletters.items()}


def to_messages(apps, schema_editor):
    def rows(model):
        return apps.get_model("newsletter", model).objects.using(schema_editor.connection.alias)

    zone_of = zones()
    for newsletter in set(rows("Edition").order_by().values_list("newsletter", flat=True)):
        for field in ("waiting", "reason"):
            make = partial(edition_message, zone=zone_of.get(newsletter, UTC))
            convert(rows("Edition").filter(newsletter=newsletter), field, make)
    convert(rows("EditionPost").all(), "reason", post_reason)
    titles = {number: title or url for number, title, url in rows("Post").values_list("pk", "title", "url")}
    for model in ("Revision", "Act"):
        convert(rows(model).all(), "what", partial(act_message, titles=titles))
    for revision in rows("Revision").only("pk", "snapshot").iterator():
        if "posts" in revision.snapshot:
            revision.snapshot["posts"] = converted_posts(revision.snapshot["posts"])
            revision.save(update_fields=["snapshot"])
    for act in rows("Act").only("pk", "before", "after").iterator():
        before, after = converted_change(act.before), converted_change(act.after)
        if (before, after) != (act.before, act.after):
            act.before, act.after = before, after
            act.save(update_fields=["before", "after"])
    move_mailbox(rows("Occurrence"), rows("BounceMailbox"))
    convert(rows("Occurrence").all(), "outcome", outcome_message)
    convert(rows("Notice").all(), "text", notice_message)
    if schema_editor.connection.vendor == "postgresql":  # it alters no table for which a check is still to be made
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


MAILBOX_SENTENCES = (
    (r"could not be reached", lambda m: ("mailbox.unreachable", {})),
    (
        r"refused the login; look at bounces\.imap\.user and bounces\.imap\.password",
        lambda m: ("mailbox.login-refused", {}),
    ),
    (r"has no folder '(.*)'; look at bounces\.imap\.folder", lambda m: ("mailbox.no-folder", {"folder": m[1]})),
    (
        r"offers no TLS there; look at bounces\.imap\.port, which is 993 at most providers",
        lambda m: ("mailbox.no-tls", {}),
    ),
    (r"could not search the folder", lambda m: ("mailbox.search-failed", {})),
    (r"could not give a mail", lambda m: ("mailbox.fetch-failed", {})),
    (r"could not mark a mail as \w+", lambda m: ("mailbox.mark-failed", {})),
)


def mailbox_message(sentence):
    """Why the bounce mailbox could not be read; None where it could."""
    if found := re.fullmatch(
        r"the bounce mailbox at (\S+): the connection failed \((.*)\); it is tried again", sentence
    ):
        return message("mailbox.connection-failed", cause=found[2], where=found[1])
    if (found := re.fullmatch(r"the bounce mailbox at (\S+) (.+)", sentence)) and (
        made := known(found[2], MAILBOX_SENTENCES)
    ):
        code, params = made
        return message(code, **params, where=found[1])
    return text(sentence) if sentence else None


def move_mailbox(occurrences, mailboxes):
    """The bounce mailbox was two occurrences due in 1970; it has a row of its own now."""
    rows = occurrences.filter(act__in=("bounces", "set aside"))
    for row in rows:
        count = int(row.outcome) if row.act == "set aside" and row.outcome.isdecimal() else None
        found = {"problem": mailbox_message(row.outcome)} if row.act == "bounces" else {"set_aside": count or 0}
        mailboxes.update_or_create(pk=1, defaults={"tried_at": row.done_at or row.due_at, **found})
    rows.delete()


FIELDS = (
    ("edition", "waiting", True, "why it is not sent automatically"),
    ("edition", "reason", True, "why it is paused, cancelled or skipped"),
    ("editionpost", "reason", True, "why it is in or out"),
    ("revision", "what", False, "what was changed"),
    ("act", "what", False, ""),
    ("occurrence", "outcome", True, "what came of it"),
    ("notice", "text", False, ""),
)


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0008_bounce_proven'),
    ]

    operations = [
        migrations.CreateModel(
            name='BounceMailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tried_at', models.DateTimeField()),
                (
                    'problem',
                    newsletter.models.message_field.MessageField(
                        help_text='why it could not be read; NULL where it could', null=True
                    ),
                ),
                ('set_aside', models.PositiveIntegerField(default=0, help_text='flagged and unread messages in it')),
            ],
        ),
        *(
            migrations.AlterField(model, name, models.TextField(null=null))
            for model, name, null, _ in FIELDS
            if null or model == 'act'
        ),
        migrations.RunPython(to_messages, elidable=False),
        *(
            migrations.AlterField(
                model, name, newsletter.models.message_field.MessageField(null=null, help_text=help_text)
            )
            for model, name, null, help_text in FIELDS
        ),
    ]
