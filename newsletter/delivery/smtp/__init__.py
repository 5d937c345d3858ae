"""SMTP connections (RFC 5321): set-up, pipelined transactions, and the pool that opens them."""
