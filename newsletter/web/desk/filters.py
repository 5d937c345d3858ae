"""What the desk's templates can do besides Django's own: `{{ sentence|in_words }}`."""

from django import template

from newsletter.web.desk.said import in_words

register = template.Library()
register.filter("in_words", in_words)
