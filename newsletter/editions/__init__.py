"""Editions until they are sent: drafts, editing, rendering and approval.

All rules about who may change which edition are here. A change takes effect completely or not at all.
"""
