"""DMARC: policy records and what they say of a sender, and the aggregate reports that receivers send."""
