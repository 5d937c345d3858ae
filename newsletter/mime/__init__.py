"""MIME encoding (RFC 2045, 2047, 5322) for editions, letters and the preview's source view.

Pure, and the only place that writes header fields, quoted-printable and base64. The preview's source is made by the
same code as what is sent.
"""
