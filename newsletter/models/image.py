"""Images that this site serves itself, and what is known of images and videos elsewhere."""

from django.db import models

from newsletter.models.message_field import MessageField


class HostedImage(models.Model):
    """The outcome of fetching an image: its file, or the reason for the failure. Each address is fetched once."""

    key = models.CharField(max_length=32, primary_key=True, help_text="a hash of the address")
    url = models.TextField()
    name = models.CharField(max_length=80, blank=True, help_text="its file in the folder of images, empty without one")
    problem = MessageField(null=True, help_text="why there is no file")
    unusable = models.BooleanField(default=False, help_text="it was fetched, but emails can't show it")
    tried_at = models.DateTimeField()
    used_at = models.DateTimeField(help_text="when a draft last contained it")

    class Meta:
        indexes = (models.Index(fields=("used_at",), name="hosted_image_by_use"),)

    def __str__(self) -> str:
        return self.url


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
