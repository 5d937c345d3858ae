"""What DNS says of a sender's domains: SPF, DKIM and DMARC records, read and evaluated as receivers' servers do.

Nothing here knows of newsletters. What is found is judged in `newsletter.scheduling.deliverability`.
"""
