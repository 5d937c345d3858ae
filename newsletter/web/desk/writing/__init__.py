"""The Markdown editor: its toolbar, the preview of a text, and uploads of images."""
