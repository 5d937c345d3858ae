"""The address in the bounce mailbox that DMARC reports are asked for with."""

from newsletter.config import Config


def report_address(configuration: Config) -> str:
    """Return the address for DMARC reports that are read here; "" without a bounce mailbox."""
    local, _, domain = configuration.bounces.return_path.rpartition("@")
    return f"{local}+dmarc@{domain}" if local and configuration.bounces.imap.host else ""
