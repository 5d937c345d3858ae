"""The database: sources, the ledger of posts, editions and deliveries; one module per group of tables.

The packages above read and write them, and have the rules about who may change what.
"""

from newsletter.models.api_token import ApiToken, KeptAnswer
from newsletter.models.bounce import Bounce, BounceMailbox, NewWebhookEvent, WebhookEvent
from newsletter.models.clock import Notice, Occurrence
from newsletter.models.deliverability import DmarcReport, DmarcResult, DnsCheck, DomainRate
from newsletter.models.delivery import (
    Chunk,
    Delivery,
    DeliveryStatus,
    Hold,
    Identity,
    Machine,
    Result,
    Retry,
    Tally,
    Worker,
)
from newsletter.models.edition import (
    HOLDING,
    LOCKED_STATES,
    Act,
    ApprovedContent,
    CountedLink,
    Edition,
    EditionPost,
    EditorChoice,
    Note,
    Revision,
    State,
    TextLease,
    Variant,
)
from newsletter.models.event import EventWebhook, RecordedEvent
from newsletter.models.image import HostedImage, MeasuredImage, VideoPreview
from newsletter.models.imported_edition import ArchiveImport, ImportedEdition, ImportedLink, OldAddress
from newsletter.models.job import Job, JobState
from newsletter.models.later_work import LaterWork
from newsletter.models.post import Listing, Numbering, Post
from newsletter.models.segment import WITHOUT_POSTS, Segment
from newsletter.models.source import Source, SourceDay, SourceGap
from newsletter.models.welcome_mail import WelcomeLetter, WelcomeMail

__all__ = [
    "HOLDING",
    "LOCKED_STATES",
    "WITHOUT_POSTS",
    "Act",
    "ApiToken",
    "ApprovedContent",
    "ArchiveImport",
    "Bounce",
    "BounceMailbox",
    "Chunk",
    "CountedLink",
    "Delivery",
    "DeliveryStatus",
    "DmarcReport",
    "DmarcResult",
    "DnsCheck",
    "DomainRate",
    "Edition",
    "EditionPost",
    "EditorChoice",
    "EventWebhook",
    "Hold",
    "HostedImage",
    "Identity",
    "ImportedEdition",
    "ImportedLink",
    "Job",
    "JobState",
    "KeptAnswer",
    "LaterWork",
    "Listing",
    "Machine",
    "MeasuredImage",
    "NewWebhookEvent",
    "Note",
    "Notice",
    "Numbering",
    "Occurrence",
    "OldAddress",
    "Post",
    "RecordedEvent",
    "Result",
    "Retry",
    "Revision",
    "Segment",
    "Source",
    "SourceDay",
    "SourceGap",
    "State",
    "Tally",
    "TextLease",
    "Variant",
    "VideoPreview",
    "WebhookEvent",
    "WelcomeLetter",
    "WelcomeMail",
    "Worker",
]
