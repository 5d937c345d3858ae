"""DMARC aggregate reports (RFC 9990) that arrive by email: attachments unpacked within limits, and their XML read."""
