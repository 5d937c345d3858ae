"""The links of editions whose clicks are counted. Nothing here, and no other table, says who clicked or when."""

from django.db import models

from newsletter.models.edition import ApprovedContent
from newsletter.models.post import Post


class CountedLink(models.Model):
    """An address that an edition links to through `/l/<token>`, the same for all readers, and the number of clicks."""

    content = models.ForeignKey(ApprovedContent, on_delete=models.CASCADE, related_name="links")
    token = models.CharField(max_length=16, unique=True, help_text="random, so that no one can guess another")
    address = models.TextField()
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, help_text="the post whose address it is")
    clicks = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.token}: {self.address}"
