"""The pages of an edition up to approval: draft, preview and history."""
