"""The editors' desk, one package for each group of pages.

A view checks permissions, runs queries, calls the packages below newsletter/web, and fills a template.
"""
