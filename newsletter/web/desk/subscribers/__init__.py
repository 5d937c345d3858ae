"""The pages of subscribers: search, one person, import and export."""
