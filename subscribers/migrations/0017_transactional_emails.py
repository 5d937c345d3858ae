from django.db import migrations, models


class Migration(migrations.Migration):
    """The model of transactional emails has their name; its table keeps the old one."""

    dependencies = [("subscribers", "0016_own_posts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Letter", "TransactionalEmail"),
                migrations.AlterModelTable("TransactionalEmail", "subscribers_letter"),
                migrations.AlterField(
                    "TransactionalEmail",
                    "subscriber",
                    models.ForeignKey(
                        on_delete=models.CASCADE, related_name="transactional_emails", to="subscribers.subscriber"
                    ),
                ),
                migrations.AlterField(
                    "TransactionalEmail",
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.CASCADE,
                        related_name="transactional_emails",
                        to="subscribers.subscription",
                    ),
                ),
            ]
        )
    ]
