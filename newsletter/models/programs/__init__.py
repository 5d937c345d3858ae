"""Tables of other programs: the tokens with which they use the API."""
