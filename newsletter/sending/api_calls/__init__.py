"""HTTP APIs of email providers, as carriers of the sending engine."""
