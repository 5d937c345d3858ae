"""The config.toml that set-up in the browser leaves: as a person would have written it."""

from pathlib import Path

from newsletter.setup.blog_profile import BlogProfile
from newsletter.web.first_run.progress import SetUp

WRITTEN = """\
# The configuration of this newsletter. docs/configuration.md explains every key.
# A line that begins with # shows a default; remove the # to change it.

[site]
url = "https://letters.example.org"                 # the public address of this program; links in emails begin with it
# secret_key = { env = "NEWSLETTER_SECRET_KEY" }    # created on first start in .secret_key
# alert_url = ""                                    # gets a POST when something needs attention

[newsletters.ferry-news]
title = "Ferry news"
description = "All about ferries."
author = "The crew"
cover = "https://ferries.example/cover.jpg"
from = "Ferry news <news@example.org>"
address = "1 Harbour Street"                        # shown in the footer
language = "en"                                     # of dates, headings and the footer
timezone = "Europe/Oslo"
editors = ["anna@example.org"]                      # who is notified of drafts and problems
subject = "{{ news }}"                              # the first headline, and how many more posts there are
period = "week"                                     # day, week or month
draft = "thu 09:00"                                 # when the draft is made
send = "fri 18:00"                                  # when an approved edition is sent
# approval = "editor"                               # or "none": sent without approval
# body = "excerpt"                                  # full, excerpt or title
# theme.design is one of letter, magazine, cards, brief, plain; "newsletter designs" shows all of them
theme = { accent = "#00aa77", logo = "https://ferries.example/logo.png" }

[[newsletters.ferry-news.sources]]
url = "https://ferries.example/"                    # a website, a feed or a folder; the feed of a website is found
# language = ""                                     # of its posts, if it is another; otherwise it is detected

[delivery]
provider = "smtp"                                   # "file" writes messages to the folder "mails"; "smtp" sends them
smtp = { host = "smtp.example.org", port = 587 }
"""


def test_the_file_reads_as_if_a_person_had_written_it(tmp_path: Path) -> None:
    setup = SetUp(tmp_path / "config.toml", site_url="https://letters.example.org")
    setup.blog = BlogProfile(
        url="https://ferries.example/",
        title="Ferry news",
        description="All about ferries.",
        author="The crew",
        cover="https://ferries.example/cover.jpg",
        language="en",
        timezone="Europe/Oslo",
        accent="#00aa77",
        logo="https://ferries.example/logo.png",
    )
    setup.sending = {
        "from": "Ferry news <news@example.org>",
        "address": "1 Harbour Street",
        "draft": "thu 09:00",
        "send": "fri 18:00",
        "editors": ["anna@example.org"],
        "delivery.provider": "smtp",
        "delivery.smtp": {"host": "smtp.example.org", "port": 587},
    }
    setup.write()
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == WRITTEN
