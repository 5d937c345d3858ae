"""The public archive: newsletters, their editions since the first email, feeds and a sitemap."""
