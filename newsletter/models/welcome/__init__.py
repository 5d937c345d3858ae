"""The welcome series and its ledger."""
