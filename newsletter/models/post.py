"""The ledger: every post that a newsletter has ever seen, and the sources that list it.

Rows are never deleted, only their text, so that a post is recognized whenever it appears again.
"""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction

from newsletter.models.message_field import MessageField
from newsletter.models.source import Source

BY_HAND = "by hand"
"""How the `link_key` of a post begins that an editor wrote: its link identifies no article."""
NOT_LISTED = ""
"""The `content_hash` of a post that no source has listed: an editor wrote it, or added it by its address."""


class Post(models.Model):
    """One article of a newsletter, however many sources list it; texts are the newest ones seen."""

    newsletter = models.CharField(max_length=40)
    url = models.TextField()
    link_key = models.TextField(help_text="the link without scheme and tracking, which identifies the post")
    text_key = models.CharField(
        max_length=64, blank=True, help_text="a hash of title and text, which identifies the post"
    )
    content_hash = models.CharField(max_length=64)
    title = models.TextField(blank=True)
    html = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    author = models.TextField(blank=True)
    categories = models.JSONField(default=list)
    language = models.CharField(max_length=35, blank=True)
    image = models.JSONField(null=True, help_text="url, alt, width, height")
    partial = models.BooleanField(default=False, help_text="its source has only the beginning of its text")
    comments_url = models.TextField(blank=True, default="", db_default="", help_text="the page of its comments")
    dropped = models.JSONField(default=dict, help_text="what cleaning removed, counted by kind")
    published = models.DateTimeField(null=True)
    published_offset = models.SmallIntegerField(default=0, help_text="minutes east of UTC, as the source gave it")
    updated = models.DateTimeField(null=True)
    first_seen = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="when its text was last seen to differ")
    was_there_before = models.BooleanField(default=False, help_text="its source had it at the first collection")
    gone_at = models.DateTimeField(null=True, help_text="no source lists it any more, or its address returns 410")
    ordinal = models.PositiveIntegerField(help_text="its place among the posts of the newsletter, from 1")
    refusal = MessageField(null=True, help_text="why it is out in every cadence, judged when it was first seen")
    judged = models.BooleanField(default=False, help_text="whether that was judged, after a source listed it")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "ordinal"), name="post_ordinal_once"),)
        indexes = (
            models.Index(fields=("newsletter", "published"), name="post_by_date"),
            models.Index(fields=("newsletter", "link_key"), name="post_by_link"),
            models.Index(fields=("newsletter", "text_key"), name="post_by_text"),
            models.Index(fields=("newsletter",), condition=models.Q(judged=False), name="post_unjudged"),
        )

    def __str__(self) -> str:
        return self.title or self.url

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the post; a new one gets the next ordinal of its newsletter."""
        with transaction.atomic():
            if not self.ordinal:
                Numbering.number(self.newsletter, [self])
            super().save(*args, **kwargs)

    @property
    def is_page(self) -> bool:
        """Whether an editor added it by its address, and no source has listed it yet."""
        return self.content_hash == NOT_LISTED and not self.link_key.startswith(BY_HAND)


class Listing(models.Model):
    """A post in a source, under the source's own id; several sources may list a post."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="listings")
    uid = models.TextField(help_text="the source's own id, opaque")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="listings")
    last_seen = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    published = models.DateTimeField(
        null=True, help_text="the date that the source gave last; NULL where only the post's own is known"
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "uid"), name="listing_once"),)
        indexes = (models.Index(fields=("published",), name="listing_by_date"),)

    def __str__(self) -> str:
        return self.uid


class Numbering(models.Model):
    """The last ordinal of a newsletter's posts.

    Its row is locked while a post is added, while a draft is approved and while an audience is fixed.
    """

    newsletter = models.CharField(max_length=40, primary_key=True)
    last = models.PositiveIntegerField(default=0)
    restored_at = models.DateTimeField(
        null=True, help_text="when a backup was restored without the recovery log: older posts may have been sent"
    )

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.last}"

    @classmethod
    def locked(cls, newsletter: str) -> "Numbering":
        """Return the newsletter's row, locked until the transaction ends."""
        cls.objects.get_or_create(newsletter=newsletter)
        return cls.objects.select_for_update().get(newsletter=newsletter)

    @classmethod
    def number(cls, newsletter: str, posts: Sequence[Post]) -> None:
        """Give new posts the next ordinals of their newsletter, in a transaction that saves them."""
        numbering = cls.locked(newsletter)
        for post in posts:
            numbering.last += 1
            post.ordinal = numbering.last
        numbering.save(update_fields=["last"])
