"""The pages for other programs: tokens of the API."""
