"""Tables for other programs: tokens of the API, events, and webhooks."""
