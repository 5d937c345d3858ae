"""What Gmail, Yahoo, Microsoft and Apple require of senders, checked for each domain in From."""
