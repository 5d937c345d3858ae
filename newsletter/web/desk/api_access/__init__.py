"""The pages that give other programs access: tokens of the API, and webhooks that tell them of events."""
