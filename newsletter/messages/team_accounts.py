"""Accounts of the team."""

from newsletter.messages.message import MessageType, gettext_noop

INVALID_EMAIL = MessageType("account-email-invalid", gettext_noop("“{text}” isn’t a valid email address; correct it"))
UNKNOWN = MessageType("account-unknown", gettext_noop("there is no account for {email}; list the accounts"))
EXISTS = MessageType(
    "account-exists", gettext_noop("there is already an account for {email}; create a new password link for it")
)
SET_UP = MessageType("desk-set-up", gettext_noop("this desk is already set up; log in"))
LAST_ADMIN = MessageType(
    "account-last-admin", gettext_noop("{email} is the only admin; make someone else an admin first")
)
