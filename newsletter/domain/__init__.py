"""Types that feeds, render, mime and delivery share: posts, digests, encoded emails and delivery outcomes.

All are frozen, so that threads can share them and processes can exchange them. Nothing here performs I/O.
"""
