"""Deliverability: a sender's DNS records, DMARC reports, and the shares of bounces and complaints.

`report` judges each requirement of mailbox providers. The modules that read records are pure.
"""
