"""The look of emails: the designs there are, their colours, and links to share an edition."""
