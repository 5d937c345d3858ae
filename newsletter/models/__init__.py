"""The database: sources, the ledger of posts, editions and deliveries; one file a group of tables.

Only newsletter/jobs and newsletter/web read or write it; the rules of who may change what stand in newsletter/jobs.
"""

from newsletter.models.bounce import Bounce
from newsletter.models.clock import Notice, Occurrence
from newsletter.models.delivery import Became, Chunk, Delivery, Identity, Result, Retry, Tally
from newsletter.models.edition import FROZEN, Act, Choice, Edition, EditionPost, Frozen, Revision, State
from newsletter.models.post import Listing, Post
from newsletter.models.source import Source

__all__ = [
    "FROZEN",
    "Act",
    "Became",
    "Bounce",
    "Choice",
    "Chunk",
    "Delivery",
    "Edition",
    "EditionPost",
    "Frozen",
    "Identity",
    "Listing",
    "Notice",
    "Occurrence",
    "Post",
    "Result",
    "Retry",
    "Revision",
    "Source",
    "State",
    "Tally",
]
