"""Messages about deliverability: checks of domains and servers, and reports of receivers."""
