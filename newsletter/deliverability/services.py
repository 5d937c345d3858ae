"""What email services do with their customers' domains, each from its own documentation.

`return_path` is the domain of the envelope sender that the service sets, whose SPF record is its own: a customer's SPF
record isn't looked at then. Without one, the envelope sender is in the customer's domain, whose SPF record must have
`include`. Several services can use a subdomain of the customer for the return path, by a CNAME record that leads to the
service's own SPF record, so that nothing else is needed either.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailService:
    """An email service: its return path and SPF, and the selectors of its DKIM keys, () if they vary.

    `domain_key` is the key of its settings that names the customer's domain for return path and DKIM, if that isn't
    From's, and `subdomain` is the label below that domain at which the return path is.
    """

    name: str
    return_path: str = ""
    include: str = ""
    selectors: tuple[str, ...] = ()
    domain_key: str = ""
    subdomain: str = ""


SERVICES = {
    # "Using a custom MAIL FROM domain" and "Easy DKIM": three CNAME records with names of their own.
    "amazon_ses": MailService("Amazon SES", "amazonses.com"),
    # "Authenticate your domain": DKIM and a code; the return path stays Brevo's on shared addresses.
    "brevo": MailService("Brevo", "brevo.com", selectors=("brevo1", "brevo2", "mail")),
    # "How to verify a sending domain": a return path below mta., which is a CNAME record to mailersend.net.
    "mailersend": MailService("MailerSend", "mailersend.net", selectors=("mlsend2", "mlsend")),
    # "Domain verification": SPF and DKIM of the sending domain, which bounces return to; the selector varies.
    "mailgun": MailService("Mailgun", include="mailgun.org", domain_key="sender_domain"),
    # "Authenticating domains with SPF and DKIM": the return path is Mailjet's unless one is asked for.
    "mailjet": MailService("Mailjet", "mailjet.com", selectors=("mailjet",)),
    # "Sending domain set-up": CNAME records for DKIM and for the return path.
    "mailtrap": MailService("Mailtrap", "mailtrap.live", selectors=("rwmt1", "rwmt2")),
    # "DNS configuration": the return path is below the server's own domain; each server has its own names.
    "postal": MailService("Postal", "postal"),
    # "Setting up a custom Return-Path": Postmark's own by default; the selector has the date of the key.
    "postmark": MailService("Postmark", "pm.mtasv.net"),
    # "Managing domains": a return path below send. with a record of its own, by Amazon's servers.
    "resend": MailService("Resend", include="amazonses.com", selectors=("resend",), subdomain="send"),
    # "Add SPF and DKIM to your domain": the domain's own SPF record; the selector is the project.
    "scaleway": MailService("Scaleway", include="_spf.tem.scaleway.com"),
    # "How to set up domain authentication": CNAME records for DKIM and for the return path.
    "sendgrid": MailService("SendGrid", "sendgrid.net", selectors=("s1", "s2")),
    # "Verify sending domains" and "Create a bounce domain": SparkPost's own by default; the selector varies.
    "sparkpost": MailService("SparkPost", "sparkpostmail.com"),
    # "Domain authentication": SPF and DKIM of the domain in From.
    "unisender_go": MailService("Unisender Go", include="spf.unisender.com", selectors=("us",)),
    # "Set up SPF" of Google Workspace; the account's domain is the envelope sender's.
    "google": MailService("Google", include="_spf.google.com", selectors=("google",)),
    # "Set up SPF" of Microsoft 365.
    "microsoft": MailService(
        "Microsoft 365", include="spf.protection.outlook.com", selectors=("selector1", "selector2")
    ),
    # "Your own domain: DNS records" of Fastmail.
    "fastmail": MailService("Fastmail", include="spf.messagingengine.com", selectors=("fm1", "fm2", "fm3")),
    # Their own addresses only: people send from them with the account's password.
    "yahoo": MailService("Yahoo", "yahoo.com"),
    "apple": MailService("Apple", include="icloud.com", selectors=("sig1",)),
}
RELAYS = {
    "brevo.com": "brevo",
    "sendinblue.com": "brevo",
    "mailersend.net": "mailersend",
    "mailgun.org": "mailgun",
    "mailjet.com": "mailjet",
    "mailtrap.io": "mailtrap",
    "postmarkapp.com": "postmark",
    "resend.com": "resend",
    "scw.cloud": "scaleway",
    "sendgrid.net": "sendgrid",
    "sparkpostmail.com": "sparkpost",
    "unisender.ru": "unisender_go",
    "gmail.com": "google",
    "google.com": "google",
    "office365.com": "microsoft",
    "outlook.com": "microsoft",
    "fastmail.com": "fastmail",
    "mail.yahoo.com": "yahoo",
    "mail.me.com": "apple",
}
"""The domains of services' SMTP servers. Those of Amazon SES are `email-smtp` in each region; other names below
amazonaws.com are servers of customers.
"""


def service_of_server(host: str) -> str:
    """Return the key of the service whose SMTP server this is; "" if it isn't one of these."""
    if host.startswith("email-smtp.") and host.endswith(".amazonaws.com"):
        return "amazon_ses"
    return next((key for suffix, key in RELAYS.items() if host == suffix or host.endswith(f".{suffix}")), "")
