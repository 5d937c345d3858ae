"""SPF (RFC 7208): reading a record, evaluating it for a server, and surveying the lookups that it needs."""
