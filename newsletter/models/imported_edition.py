"""Editions that were sent with another tool and came with its archive, their old addresses, and those imports."""

from django.db import models

from newsletter.models.edition import Edition


class ArchiveImport(models.Model):
    """An import of another tool's archive: what came of it, and what it left out."""

    newsletter = models.CharField(max_length=40)
    file = models.CharField(max_length=254, help_text="the name of the file or folder")
    base = models.TextField(blank=True, help_text="the address of the old site, from which relative addresses count")
    at = models.DateTimeField()
    by = models.CharField(max_length=254)
    job = models.BigIntegerField(null=True, unique=True, help_text="the job of the desk that did it")
    added = models.PositiveIntegerField(default=0)
    present = models.PositiveIntegerField(default=0, help_text="issues that were imported before")
    images_missing = models.PositiveIntegerField(default=0, help_text="images that could not be fetched")
    left_out = models.JSONField(default=list, help_text="the name of each issue that is left out, and why")
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.file} into {self.newsletter}"


class ImportedEdition(models.Model):
    """What is known of an imported edition besides its text. `key` identifies the issue in its tool."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="imported")
    newsletter = models.CharField(max_length=40)
    key = models.CharField(max_length=500)
    archive_import = models.ForeignKey(ArchiveImport, on_delete=models.PROTECT, related_name="editions")
    images_missing = models.PositiveIntegerField(default=0, help_text="images that still come from their old address")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "key"), name="imported_edition_once"),)

    def __str__(self) -> str:
        return self.key


class ImportedLink(models.Model):
    """An address that an imported edition had: its own, or one to which it links.

    A post with that address, from before `until`, was sent with the other tool.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="imported_links")
    newsletter = models.CharField(max_length=40)
    link_key = models.TextField(help_text="as Post.link_key")
    until = models.DateTimeField(help_text="a day after the edition was sent")

    class Meta:
        indexes = (models.Index(fields=("newsletter", "link_key"), name="imported_link_by_key"),)

    def __str__(self) -> str:
        return self.link_key


class OldAddress(models.Model):
    """A path at which an imported edition was before."""

    path = models.CharField(max_length=1_000, unique=True, help_text="with its query, without the slash at its end")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="old_addresses")

    def __str__(self) -> str:
        return self.path
