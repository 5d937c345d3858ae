"""Readers' own pages: joining, leaving, choosing, and their own data.

Only POST acts; GET and HEAD look. Nothing here knows a session or a cookie: what may be done follows from the link
alone, so that there is nothing that another site could ride on.
"""

from subscribers.views.choosing import preferences
from subscribers.views.joining import confirm, subscribe
from subscribers.views.leaving import unsubscribe
from subscribers.views.person import person

__all__ = ["confirm", "person", "preferences", "subscribe", "unsubscribe"]
