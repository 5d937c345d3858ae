"""Email to one person: confirmations and other messages to subscribers, notices to editors, test emails."""
