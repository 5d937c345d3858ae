"""Sizes of images and details of videos, looked up when their posts were collected."""

from django.db import models


class MeasuredImage(models.Model):
    """The size of an image for which no source gives one. Each address is fetched once."""

    key = models.CharField(max_length=32, primary_key=True, help_text="a hash of the address")
    url = models.TextField()
    width = models.PositiveIntegerField(null=True, help_text="pixels; empty: it could not be measured")
    height = models.PositiveIntegerField(null=True)
    tried_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("tried_at",), name="measured_image_by_time"),)

    def __str__(self) -> str:
        return self.url


class VideoPreview(models.Model):
    """The title of a video and its picture with a play mark, as its page gave them. Each is fetched once."""

    key = models.CharField(max_length=32, primary_key=True, help_text="a hash of the address of its page")
    url = models.TextField()
    title = models.TextField(blank=True)
    name = models.CharField(
        max_length=80, blank=True, help_text="its picture in the folder of images; empty: there is none"
    )
    tried_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("tried_at",), name="video_preview_by_time"),)

    def __str__(self) -> str:
        return self.url
