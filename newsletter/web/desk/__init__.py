"""The editors' desk: drafts seen, changed, approved and sent; one file a page.

A view checks permissions, runs queries, calls the packages below newsletter/web, and fills a template.
"""
