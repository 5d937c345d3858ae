"""Editions, the posts that each of them includes or leaves out, and what editors did."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from newsletter.domain.ordinals import Ordinals
from newsletter.messages import Message
from newsletter.models.message_field import MessageField
from newsletter.models.post import Post


class State(models.TextChoices):
    """The states of an edition (docs/sending.md). Waiting is a reason, not a state."""

    DRAFT = "draft"
    APPROVED = "approved"
    QUEUED = "queued"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    IMPORTED = "imported"


LOCKED_STATES = (State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED, State.SENT)
HOLDING = models.Q(state__in=LOCKED_STATES) | models.Q(state=State.CANCELLED, began_at__isnull=False)
"""Editions whose posts are used: approved ones, and cancelled ones that were partly sent. An imported edition has no
posts, and nobody gets it.
"""


class Edition(models.Model):
    """One dated issue of a newsletter, with the posts of `[since, until)`.

    Every change of state is a compare-and-set in newsletter/editions/states.py.
    """

    newsletter = models.CharField(max_length=40)
    period = models.CharField(
        max_length=22,
        help_text="2026-W06, 2026-02-06, 2026-02, letter-2026-02-06, issue-2019-05-03, welcome-1; .2 for a second one",
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1, help_text="increases with every change of a draft")
    since = models.DateTimeField()
    until = models.DateTimeField()
    cadence = models.CharField(
        max_length=5, blank=True, default="", db_default="", help_text="day, week or month; empty: the default"
    )
    candidates = models.JSONField(
        null=True,
        help_text="the posts that its readers may get, when approved: ordinal, primary key and topics of each",
    )
    fixed_window = models.BooleanField(default=False, help_text="the window was given by dates, not by the schedule")
    by_request = models.BooleanField(
        default=False, db_default=False, help_text="a person asked for the window or its period, not the schedule"
    )
    standalone = models.BooleanField(
        default=False, help_text="a letter outside the schedule: it has no posts but those that an editor adds"
    )
    template = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="the name under which new letters can be started from it; empty: it is no template",
    )
    welcome = models.ForeignKey(
        "WelcomeLetter",
        null=True,
        on_delete=models.PROTECT,
        related_name="editions",
        help_text="the letter of the welcome series that it is; its audience grows with each new reader",
    )
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    replaced_by = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="replaces",
        help_text="the later edition that has the posts of this draft",
    )
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(help_text="when its sources were last read for it")
    waiting = MessageField(null=True, help_text="why it is not sent automatically")
    reason = MessageField(null=True, help_text="why it is paused, cancelled or skipped")

    subject = models.TextField(blank=True, help_text="an editor's; empty: made from the newsletter's template")
    preheader = models.TextField(blank=True)
    greeting = models.TextField(blank=True, help_text="Markdown")
    closing = models.TextField(blank=True, help_text="Markdown")
    blocks = models.JSONField(default=list, help_text="sponsors, events and calls to action; see editions/composing")

    segment = models.CharField(max_length=60, blank=True, help_text="the name of the segment that gets it; empty: all")
    segment_where = models.TextField(blank=True, help_text="that segment's filter when it was chosen")

    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=254, blank=True)
    despite_lint = models.JSONField(default=list, help_text="codes of errors that were overridden")
    due_at = models.DateTimeField(null=True, help_text="when sending begins")
    queued_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True, help_text="when its first message was accepted: it is public since")
    removed_from_archive_at = models.DateTimeField(null=True, help_text="when an editor removed it from the archive")
    ended_at = models.DateTimeField(null=True)
    audience = models.PositiveIntegerField(null=True, help_text="the size of the audience, set when sending begins")
    guard_pauses = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often it was resumed after too many bounces or complaints"
    )
    guarded_since = models.DateTimeField(null=True, help_text="when it was last resumed after such a pause")
    fallback_reason = MessageField(null=True, help_text="why the fallback provider sends the rest; NULL: it doesn't")
    rolled_up_at = models.DateTimeField(null=True, help_text="when its accepted deliveries were deleted")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "period"), name="edition_once"),)
        indexes = (
            models.Index(fields=("newsletter", "-until"), name="edition_by_time"),
            models.Index(
                fields=("removed_from_archive_at",),
                condition=models.Q(removed_from_archive_at__isnull=False),
                name="edition_removed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.newsletter}/{self.period}"

    @property
    def name(self) -> str:
        """The edition's identifier: `kinaforum/2026-W06`."""
        return f"{self.newsletter}/{self.period}"

    @property
    def is_unscheduled(self) -> bool:
        """Whether it is a letter or a correction, which the schedule neither makes nor sends."""
        return self.standalone or self.corrects_id is not None

    @property
    def candidate_ordinals(self) -> Ordinals:
        """The ordinals of the posts that its subscribers may get; none before approval."""
        return Ordinals.of(ordinal for ordinal, _post, _topics in self.candidates or ())


class ApprovedContent(models.Model):
    """The approved content, as it is sent; it never changes unless the edition becomes a draft again."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="approved_content")
    revision = models.PositiveIntegerField()
    subject = models.TextField()
    personal_subject = models.TextField(blank=True, default="", db_default="", help_text="with recipients' values")
    preheader = models.TextField()
    html = models.TextField()
    text = models.TextField()
    page = models.TextField(blank=True, help_text="the public page, where the email could not list every post")
    placeholders = models.JSONField(help_text="placeholder → value, form, fallback")
    headers = models.JSONField(help_text="From, Reply-To, List-Id, Feedback-ID, site.url, provider and the like")
    segments = models.BinaryField(help_text="the encoded email, packed by approved_content.pack")
    posts = models.BinaryField(
        default=b"", help_text="the candidates as they were when approved, packed by variants/locked_posts.py"
    )

    def __str__(self) -> str:
        return f"{self.edition} r{self.revision}"


class Variant(models.Model):
    """Posts of an edition that some of its subscribers get, and their email.

    The email of the posts that editors see is the approved content, so the fields of that variant's email are empty.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField(help_text="from 0, which is the approved content")
    posts = models.JSONField(help_text="primary keys of its posts, in the order of the email")
    subject = models.TextField(blank=True)
    personal_subject = models.TextField(blank=True, default="", db_default="", help_text="as in the approved content")
    preheader = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    placeholders = models.JSONField(default=list, help_text="as in the approved content")
    segments = models.BinaryField(default=b"", help_text="the encoded email, as in the approved content")
    first = models.PositiveIntegerField(null=True, help_text="the first number of its readers in the audience")
    last = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "position"), name="variant_once"),)
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.edition}, variant {self.position}"


class CountedLink(models.Model):
    """An address that an edition links to through `/l/<token>`, the same for all subscribers, and the number of clicks.

    Nothing here, and no other table, says who clicked or when.
    """

    content = models.ForeignKey(ApprovedContent, on_delete=models.CASCADE, related_name="links")
    token = models.CharField(max_length=16, unique=True, help_text="random, so that no one can guess another")
    address = models.TextField()
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, help_text="the post whose address it is")
    clicks = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.token}: {self.address}"


class EditorChoice(models.TextChoices):
    """An editor's decision about a post; an empty value leaves it to the rules."""

    IN = "in"
    OUT = "out"


class EditionPost(models.Model):
    """A post in an edition's list, included or not, with the reason and editors' changes, which a refresh keeps."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="entries")
    included = models.BooleanField()
    reason = MessageField(null=True, help_text="why it is in or out")
    position = models.PositiveIntegerField(default=0)
    headline_only = models.BooleanField(default=False, help_text="over maximum_posts: a headline with a link")
    choice = models.CharField(max_length=3, choices=EditorChoice.choices, blank=True)
    pinned = models.BooleanField(default=False)
    moved_to = models.DateField(null=True, help_text="the day that an editor moved it to")
    moved_rank = models.FloatField(null=True, help_text="its position among its day's posts, if an editor moved it")
    title = models.TextField(blank=True, help_text="an editor's headline")
    text = models.TextField(blank=True, help_text="an editor's text, Markdown")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "post"), name="edition_holds_post_once"),)
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.edition}: {self.post}"


class Revision(models.Model):
    """A draft at one time: what editors can restore, and what approval compares with."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True, help_text="an address; empty: the program itself")
    what = MessageField(help_text="what was changed")
    snapshot = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "number"), name="revision_once"),)

    def __str__(self) -> str:
        return f"{self.edition} r{self.number}"


class TextLease(models.Model):
    """Who is writing in a text of a draft, until when; see editions/leases.py."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="leases")
    text = models.CharField(max_length=40, help_text="greeting, title-12, text-12")
    by = models.CharField(max_length=254, help_text="the address of who is writing")
    until = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "text"), name="text_lease_once"),)

    def __str__(self) -> str:
        return f"{self.edition}, {self.text}: {self.by} until {self.until:%T}"


class Note(models.Model):
    """A note of a team member to the others about an edition. Subscribers never see it."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    by = models.CharField(max_length=254, help_text="the address of who wrote it")
    to = models.CharField(max_length=254, blank=True, help_text="whom it is for; empty: everybody")
    text = models.TextField()
    done_at = models.DateTimeField(null=True, help_text="when it was marked as done")

    class Meta:
        indexes = (models.Index(fields=("edition", "-at"), name="note_by_time"),)

    def __str__(self) -> str:
        return f"{self.edition}: {self.at:%F %T}"


class ActManager(models.Manager["Act"]):
    """Writes the audit log."""

    def log(
        self,
        by: str,
        what: Message,
        about: str,
        before: Any = None,
        after: Any = None,
        *,
        now: datetime | None = None,
    ) -> None:
        """Write an entry: who, what, about what, and what differs."""
        self.create(at=now or timezone.now(), by=by, what=what, about=about, before=before, after=after)


class Act(models.Model):
    """An entry of the audit log: who did what to what, when, before and after."""

    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True)
    what = MessageField()
    about = models.CharField(max_length=254, help_text="an edition's name, a newsletter, a user")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = ActManager()

    class Meta:
        indexes = (models.Index(fields=("about", "-at"), name="act_by_subject"),)

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.by}: {self.what} {self.about}"
