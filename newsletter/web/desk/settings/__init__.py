"""The pages of settings and of emails that could not be sent."""
