"""The HTML of an email: MJML templates, inlined styles and checks of the result."""
