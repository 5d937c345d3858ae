"""Images of posts that this site serves itself: which file each address became."""

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
