"""Images that the site serves: uploads made safe and fit for an email, and the folder that holds them."""
