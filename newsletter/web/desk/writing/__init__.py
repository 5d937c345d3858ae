"""What the editor for Markdown needs: its toolbar, the preview of a text, and uploads of images."""
