"""Post content in an email: fragments of HTML, excerpts, images, headlines and plain text."""
