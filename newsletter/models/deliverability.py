"""What receivers' servers look up or report: the last check of DNS, and DMARC aggregate reports."""

from django.db import models
from django.utils import timezone

from newsletter.models.edition import Edition


class DnsCheck(models.Model):
    """The last report on deliverability; one row."""

    at = models.DateTimeField(default=timezone.now)
    checks = models.JSONField(default=list, help_text="the findings, in order")

    def __str__(self) -> str:
        return f"{self.at:%F %T}: {len(self.checks)} findings"


class DmarcReport(models.Model):
    """An aggregate report (RFC 9990): what one receiver saw of one domain in a period, mostly a day.

    The receiver's name and its identifier of the report tell a copy of a report from a new one.
    """

    receiver = models.CharField(max_length=254, help_text="the organization that reports")
    identifier = models.CharField(max_length=254, help_text="the report's identifier, chosen by the receiver")
    domain = models.CharField(max_length=254, help_text="the domain in From whose policy applied")
    policy = models.CharField(max_length=12, blank=True, help_text="none, quarantine or reject")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("receiver", "identifier", "domain"), name="dmarc_report_once"),)

    def __str__(self) -> str:
        return f"{self.receiver} on {self.domain}: {self.begins_at:%F}"


class DmarcResult(models.Model):
    """Emails of one server in a report, and whether they passed.

    `dkim` and `spf` are whether each passed with alignment; an email passes DMARC if one of them did.
    """

    report = models.ForeignKey(DmarcReport, on_delete=models.CASCADE, related_name="results")
    address = models.GenericIPAddressField(help_text="the server that sent")
    count = models.PositiveBigIntegerField()
    dkim = models.BooleanField()
    spf = models.BooleanField()
    disposition = models.CharField(
        max_length=12, blank=True, help_text="what the receiver did: none, quarantine, reject"
    )

    def __str__(self) -> str:
        return f"{self.address}: {self.count}"


class DomainRate(models.Model):
    """What came back of an edition from one domain; counted anew while reports come, and kept.

    `domain` is "" for all domains with few subscribers together.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="rates", db_index=False)
    domain = models.CharField(max_length=255, blank=True)
    sent = models.PositiveIntegerField(help_text="emails that a server accepted or refused")
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "domain"), name="domain_rate_once"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.domain or 'others'}: {self.sent}"
