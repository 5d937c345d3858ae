"""The HTML of posts: parsing, cleaning, and removing what does not belong to the post."""
