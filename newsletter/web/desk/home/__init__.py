"""The first page and the newsletters' pages."""
