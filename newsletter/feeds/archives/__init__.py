"""Archives of other newsletter tools: the issues that were sent with them, from a ZIP archive, a file or a folder."""
