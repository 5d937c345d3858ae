"""What is said beside a field of a page, as screen readers tell it."""

import lxml.html


def said_at(page: bytes, field: str) -> str:
    """What describes a field that is marked as invalid, by the field's `id`."""
    document = lxml.html.fromstring(page)
    (found,) = document.xpath("//*[@id=$field and @aria-invalid='true']", field=field)
    described = [document.get_element_by_id(name) for name in found.get("aria-describedby").split()]
    return " ".join(each.text_content() for each in described)
