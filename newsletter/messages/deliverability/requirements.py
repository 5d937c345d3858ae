"""What is checked of a sender, and why."""

from newsletter.messages.message import MessageType, gettext_noop

# What each check is about.
SPF = MessageType("deliverability.about-spf", gettext_noop("SPF record"))
DKIM = MessageType("deliverability.about-dkim", gettext_noop("DKIM key {selector}"))
DKIM_PROVIDER = MessageType("deliverability.about-dkim-provider", gettext_noop("DKIM signature"))
DMARC = MessageType("deliverability.about-dmarc", gettext_noop("DMARC policy"))
DMARC_REPORTS = MessageType("deliverability.about-dmarc-reports", gettext_noop("DMARC reports"))
ALIGNMENT = MessageType("deliverability.about-alignment", gettext_noop("DMARC alignment"))
RECEIVING = MessageType("deliverability.about-receiving", gettext_noop("receives email"))
REVERSE_DNS = MessageType("deliverability.about-reverse-dns", gettext_noop("reverse DNS"))
TLS = MessageType("deliverability.about-tls", gettext_noop("encrypted sending"))
ONE_CLICK = MessageType("deliverability.about-one-click", gettext_noop("one-click unsubscribe"))
FEEDBACK_ID = MessageType("deliverability.about-feedback-id", gettext_noop("Feedback-ID field"))
BIMI = MessageType("deliverability.about-bimi", gettext_noop("logo in the inbox (BIMI)"))

# What each is for, and what happens without it.
WHY_SPF = MessageType(
    "deliverability.why-spf",
    gettext_noop(
        "It names the servers that may send for your domain. Without it, emails are refused or end up as spam."
    ),
)
WHY_DKIM = MessageType(
    "deliverability.why-dkim",
    gettext_noop(
        "A signature proves that an email comes from you unchanged. Without it, emails are refused or end up as spam."
    ),
)
WHY_DMARC = MessageType(
    "deliverability.why-dmarc",
    gettext_noop(
        "It says what to do with emails that neither SPF nor DKIM proves to be yours. Without it, emails are refused "
        "or end up as spam."
    ),
)
WHY_ALIGNMENT = MessageType(
    "deliverability.why-alignment",
    gettext_noop(
        "SPF or DKIM must be for the domain of your address in From. Otherwise they prove nothing, and DMARC fails."
    ),
)
WHY_RECEIVING = MessageType(
    "deliverability.why-receiving",
    gettext_noop("Replies must arrive. Some mailbox providers refuse emails from addresses without a mailbox."),
)
WHY_REVERSE_DNS = MessageType(
    "deliverability.why-reverse-dns",
    gettext_noop("Your mail server’s IP address must have a name. Without one, many servers refuse its emails."),
)
WHY_TLS = MessageType(
    "deliverability.why-tls",
    gettext_noop("Emails must travel encrypted. Gmail refuses others or delays them."),
)
WHY_ONE_CLICK = MessageType(
    "deliverability.why-one-click",
    gettext_noop(
        "Mailboxes show a button to unsubscribe. Without it, people report emails as spam, and later ones are refused."
    ),
)
WHY_DMARC_REPORTS = MessageType(
    "deliverability.why-dmarc-reports",
    gettext_noop("Daily reports show who sends in your name. Without them, you don’t notice forgeries or failures."),
)
WHY_FEEDBACK_ID = MessageType(
    "deliverability.why-feedback-id", gettext_noop("With it, Google shows complaints for each newsletter.")
)
WHY_TRACKING = MessageType(
    "deliverability.why-tracking",
    gettext_noop(
        "Email services can record who opens your emails and what they click. Without this, your readers may be "
        "tracked."
    ),
)
WHY_BIMI = MessageType(
    "deliverability.why-bimi", gettext_noop("With it, some mailboxes show your logo beside your emails.")
)
