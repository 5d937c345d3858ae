"""An image for emails, and the problem of a file that can't be one; without Pillow, which decoding loads."""

from dataclasses import dataclass
from typing import Literal

from newsletter.messages import Problem


class ImageProblem(Problem):
    """The file can't be used as an image."""


@dataclass(frozen=True, slots=True)
class MailImage:
    """An image as it is served: its file's content, its kind, and its size in pixels."""

    data: bytes
    kind: Literal["jpg", "png", "gif"]
    width: int
    height: int
