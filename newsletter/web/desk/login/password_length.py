"""The validator of a password's length."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class PasswordLength(MinimumLengthValidator):
    """Django's validator with a sentence of our own: its own has no Norwegian translation since Django 5.2."""

    def get_error_message(self) -> str:
        """Return what is wrong with a short password, and what to do."""
        sentence = ngettext(
            "The password is too short. Use at least %(n)s character.",
            "The password is too short. Use at least %(n)s characters.",
            self.min_length,
        )
        return sentence % {"n": self.min_length}
