"""Each personal field is imported, exported, in personal data and the API, and on the profile page."""

import io
from pathlib import Path

import pytest
from django.test import Client

from newsletter.api.routes.subscribers import SubscriberOut
from subscribers import preferences
from subscribers.exporting import export_csv
from subscribers.importing import import_file, outline
from subscribers.models import EmailKind, Subscriber, Subscription
from subscribers.personal_fields import PERSONAL, personal_values
from tests.subscribers.make import AT, only_email, path

pytestmark = pytest.mark.django_db
VALUES = {name: next(iter(field.choices), f"my {name}") for name, field in PERSONAL.items()}


def test_a_field_is_wherever_the_others_are(client: Client, tmp_path: Path) -> None:
    """A new field is only declared: this test has no list of them."""
    file = tmp_path / "readers.csv"
    file.write_text(f"a,{','.join(VALUES)}\nkari@reader.example,{','.join(VALUES.values())}\n")
    import_file(file, "kinaforum", consent="moved", meanings=("address", *VALUES))
    own = io.StringIO(newline="")
    export_csv("kinaforum", own)
    Subscriber.objects.all().delete()
    file.write_text(own.getvalue())
    assert [column.meaning for column in outline(file) if column.header in VALUES] == list(VALUES)
    import_file(file, "kinaforum", consent="moved")
    subscription = Subscription.objects.select_related("subscriber").get()
    assert personal_values(subscription.subscriber) == VALUES
    assert preferences.personal_data_of(subscription.subscriber).items() >= VALUES.items()
    assert SubscriberOut.model_fields.keys() >= VALUES.keys()
    preferences.send_profile_link(subscription, AT)
    profile = path(only_email(kind=EmailKind.ME).context["link"])
    page = client.get(profile).text
    for name, value in VALUES.items():
        assert f'name="{name}"' in page
        assert f'value="{value}"' in page
    changed = {**VALUES, **{name: "new" for name, field in PERSONAL.items() if not field.choices}}
    client.post(profile, {**changed, "do": "save"})
    client.post(profile, {"language": VALUES["language"], "do": "save"})  # a page of the site's own that has no others
    subscription.subscriber.refresh_from_db()
    assert personal_values(subscription.subscriber) == changed
