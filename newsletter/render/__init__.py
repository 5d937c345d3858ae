"""Renders an edition's posts as an email: grouping, templates, MJML, inlining, text, lint, MIME.

Pure: no Django, no database, no network. `digest` groups posts, `subject` makes the subject line, `edition.render`
makes HTML and text, `lint.lint` checks them, `message.encoded` encodes them once for all readers, `preview` shows them
to one.
"""
