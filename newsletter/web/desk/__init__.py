"""The editors' desk: drafts seen, changed, approved and sent; one file a page.

A view asks the access table, a query module and a job, and fills a template; rules live in newsletter/jobs.
"""
