"""Events, the newest first, for programs that can't receive webhooks."""

from ninja import Query, Router

from newsletter.api import paging
from newsletter.api.operations import ApiAnswer, ApiRequest, operation
from newsletter.api.permissions import TokenScope
from newsletter.api.schemas import EventItem, EventList, EventType, Line, Name
from newsletter.events.documents import documents
from newsletter.models import RecordedEvent

router = Router(tags=["events"])


@operation(router, "GET", "/events", {200: EventList})
def list_events(
    request: ApiRequest,
    newsletter: Query[Name | None] = None,
    type: Query[EventType | None] = None,  # noqa: A002
    cursor: Query[Line | None] = None,
    limit: int = paging.LIMIT_PARAMETER,
) -> ApiAnswer:
    """List events.

    Those of the last 30 days. Addresses are null unless the token has `subscribers:read` too.
    """
    events = RecordedEvent.objects.filter(newsletter__in=request.names(newsletter))
    if type is not None:
        events = events.filter(kind=type)
    rows, next_cursor = paging.after(events, "events", cursor, limit)
    events_listed = documents(rows, with_addresses=TokenScope.SUBSCRIBERS_READ in request.token.scopes)
    return ApiAnswer(EventList(items=[EventItem(**event) for event in events_listed], next_cursor=next_cursor))
