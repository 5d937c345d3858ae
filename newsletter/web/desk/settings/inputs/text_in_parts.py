"""Text that is edited in several inputs, which pages of earlier versions have in a single one."""

from typing import Any

from django import forms


class TextInPartsWidget(forms.MultiWidget):
    """Inputs for the parts of a text; a form that has the text as a whole is read too."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        """Return the parts that were chosen and typed."""
        if super().value_omitted_from_data(data, files, name) and name in data:
            return self.decompress(data[name].strip()) or []
        parts: list[Any] = super().value_from_datadict(data, files, name)
        return parts

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether a form has neither the parts nor the text."""
        return name not in data and super().value_omitted_from_data(data, files, name)


class TextInPartsField(forms.MultiValueField):
    """The field of such a text; the stored one is shown again if a form doesn't have it."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what is shown again after a problem."""
        return super().bound_data(initial if all(part is None for part in data) else data, initial)
