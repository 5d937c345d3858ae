"""Images of posts that the site serves itself."""
