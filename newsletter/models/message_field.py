"""A column for a message: its code and parameters as JSON, NULL for none."""

from typing import Any

from django.db import models

from newsletter.messages import Message, from_json


class MessageField(models.JSONField):
    """A `Message` or None. `field__code` looks for a code, `field__isnull` for whether there is a message."""

    description = "A message as a code with parameters"

    def get_prep_value(self, value: Any) -> Any:
        """Return the message as a JSON object."""
        return super().get_prep_value(value.to_json() if isinstance(value, Message) else value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the message; a part of it, such as `field__code`, as it is."""
        stored = super().from_db_value(value, expression, connection)
        return from_json(stored) if isinstance(stored, dict) and stored.keys() == {"code", "params"} else stored

    def value_to_string(self, obj: models.Model) -> Any:
        """Return what a fixture holds."""
        return self.get_prep_value(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        """Return the message of a fixture."""
        return from_json(value) if isinstance(value, dict) else value


class MessagesField(models.JSONField):
    """A list of messages."""

    description = "Messages as codes with parameters"

    def get_prep_value(self, value: Any) -> Any:
        """Return the messages as a JSON array."""
        plain = [message.to_json() if isinstance(message, Message) else message for message in value or ()]
        return super().get_prep_value(plain)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the messages."""
        stored = super().from_db_value(value, expression, connection)
        return [from_json(message) for message in stored] if isinstance(stored, list) else stored

    def value_to_string(self, obj: models.Model) -> Any:
        """Return what a fixture holds."""
        return self.get_prep_value(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        """Return the messages of a fixture."""
        return [from_json(message) if isinstance(message, dict) else message for message in value or ()]
