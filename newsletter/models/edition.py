"""Editions, the posts that each holds or leaves out, and what editors did to them."""

from django.db import models

from newsletter.models.post import Post


class State(models.TextChoices):
    """The life of an edition (docs/sending.md). Waiting is a reason, not a state."""

    DRAFT = "draft"
    APPROVED = "approved"
    QUEUED = "queued"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


FROZEN = (State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED, State.SENT)


class Edition(models.Model):
    """One dated issue of a newsletter: the posts of `[since, until)`, as readers get it.

    Every change of state is a compare-and-set in newsletter/jobs/editions.py.
    """

    newsletter = models.CharField(max_length=40)
    period = models.CharField(max_length=20, help_text="2026-W06, 2026-02-06, 2026-02; .2 for a second one")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1, help_text="grows with every change of a draft")
    since = models.DateTimeField()
    until = models.DateTimeField()
    fixed_window = models.BooleanField(
        default=False, help_text="the window was asked for by dates, not by the schedule"
    )
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(help_text="when its sources were last read for it")
    waiting = models.TextField(blank=True, help_text="why it does not leave by itself; a sentence")
    reason = models.TextField(blank=True, help_text="why it is paused, cancelled or skipped; a sentence")

    subject = models.TextField(blank=True, help_text="an editor's own; empty: made from the newsletter's template")
    preheader = models.TextField(blank=True)
    greeting = models.TextField(blank=True, help_text="Markdown")
    closing = models.TextField(blank=True, help_text="Markdown")

    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=254, blank=True)
    despite_lint = models.JSONField(default=list, help_text="the codes of errors that were overruled")
    due_at = models.DateTimeField(null=True, help_text="when a queued one begins to leave")
    queued_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    audience = models.PositiveIntegerField(null=True, help_text="how many it is for, counted when it was frozen")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "period"), name="edition_once"),)
        indexes = (models.Index(fields=("newsletter", "-until"), name="edition_by_time"),)

    def __str__(self) -> str:
        return f"{self.newsletter}/{self.period}"

    @property
    def name(self) -> str:
        """How it is called everywhere: `kinaforum/2026-W06`."""
        return f"{self.newsletter}/{self.period}"


class Frozen(models.Model):
    """What was approved, as it is sent: nothing of it changes while the edition is not a draft again."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="frozen")
    revision = models.PositiveIntegerField()
    subject = models.TextField()
    preheader = models.TextField()
    html = models.TextField()
    text = models.TextField()
    placeholders = models.JSONField(help_text="placeholder → value, form, fallback")
    headers = models.JSONField(help_text="From, Reply-To, List-Id, Feedback-ID, site.url, provider and the like")
    segments = models.BinaryField(help_text="the encoded mail, as freezing packs it")

    def __str__(self) -> str:
        return f"{self.edition} r{self.revision}"


class Choice(models.TextChoices):
    """What an editor decided of a post; an empty value leaves it to the rules."""

    IN = "in"
    OUT = "out"


class EditionPost(models.Model):
    """A post in an edition's list, in or out, the reason, and what editors changed; a refresh keeps the latter."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="entries")
    included = models.BooleanField()
    reason = models.TextField(help_text="why it is in or out, in words")
    position = models.PositiveIntegerField(default=0)
    headline_only = models.BooleanField(default=False, help_text="over maximum_posts: a headline with a link")
    choice = models.CharField(max_length=3, choices=Choice.choices, blank=True)
    pinned = models.BooleanField(default=False)
    moved_to = models.DateField(null=True, help_text="the day under which an editor put it")
    moved_rank = models.FloatField(null=True, help_text="its place among its day's posts, where an editor moved it")
    title = models.TextField(blank=True, help_text="an editor's headline")
    text = models.TextField(blank=True, help_text="an editor's text, Markdown")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "post"), name="edition_holds_post_once"),)
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.edition}: {self.post}"


class Revision(models.Model):
    """A draft as it stood: what an editor can go back to, and what approval compares with."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True, help_text="an address; empty: the program itself")
    what = models.TextField(help_text="a sentence")
    snapshot = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "number"), name="revision_once"),)

    def __str__(self) -> str:
        return f"{self.edition} r{self.number}"


class Act(models.Model):
    """A line of the audit log: who did what to what, when, before and after."""

    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True)
    what = models.CharField(max_length=40)
    about = models.CharField(max_length=254, help_text="an edition's name, a newsletter, a user")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = (models.Index(fields=("about", "-at"), name="act_by_subject"),)

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.by}: {self.what} {self.about}"
