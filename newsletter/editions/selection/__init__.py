"""Select the posts of an edition: windows, reasons and order."""
