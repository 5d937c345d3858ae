"""The page of an imported issue: its clean text in the newsletter's design, with its images on this site."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from lxml import html as lxml_html

from newsletter import config
from newsletter.collecting import hosted_images
from newsletter.config import Config
from newsletter.domain.digest import Digest, DigestPost, Group, Rendered
from newsletter.editions.letterheads import letterhead
from newsletter.feeds.archives.old_issue import HERE, OldIssue
from newsletter.feeds.archives.read import Archive, CleanIssue
from newsletter.feeds.html.markup import to_html, to_tree
from newsletter.images import store
from newsletter.messages import Message, Problem, archives as messages, message_of
from newsletter.render.content.post_images import addresses, hosted, without_images
from newsletter.render.edition import render
from newsletter.render.subject import beginning

WITHOUT_LIMIT = 100_000_000
"""Bytes of a page: nothing of it is shortened."""


@dataclass(frozen=True, slots=True)
class MissingImage:
    """An image that this site doesn't have: its address, or its name in the archive, and why."""

    address: str
    reason: Message


@dataclass(frozen=True, slots=True)
class IssuePage:
    """A rendered issue, and its images that still come from their old address."""

    rendered: Rendered
    missing: tuple[MissingImage, ...]


def issue_page(
    configuration: Config,
    newsletter: config.Newsletter,
    name: str,
    issue: OldIssue,
    clean: CleanIssue,
    archive: Archive,
    now: datetime,
) -> IssuePage:
    """Render an issue as the edition of this name, and fetch its images."""
    post = DigestPost("1", "", issue.title, html=clean.html, image=clean.image)
    missing: tuple[MissingImage, ...] = ()
    if newsletter.images == "none":
        post = without_images(post)
    else:
        post, missing = _with_hosted_images(configuration, post, archive, now)
    post = replace(post, html=_without_links_into(post.html, HERE))
    head = letterhead(configuration, newsletter)
    # The design of one line for each post would show nothing of the text.
    design = "letter" if head.theme.design == "brief" else head.theme.design
    digest = Digest(
        name=name,
        letterhead=replace(head, theme=replace(head.theme, design=design)),
        since=issue.published,
        until=issue.published + timedelta(seconds=1),
        subject=" ".join(issue.title.split()),
        preheader=" ".join(issue.description.split()) or beginning(clean.text),
        groups=(Group("", (post,)),),
        contents=False,
        standalone=True,
    )
    rendered = render(digest, configuration.folder / "templates", maximum_size=WITHOUT_LIMIT)
    return IssuePage(replace(rendered, html=_without_headline(rendered.html, digest.subject)), missing)


def _with_hosted_images(
    configuration: Config, post: DigestPost, archive: Archive, now: datetime
) -> tuple[DigestPost, tuple[MissingImage, ...]]:
    """Return the post with the images that this site has now, and those that it doesn't have."""
    urls = list(dict.fromkeys(addresses(post, configuration.site.url)))
    in_archive = [url for url in urls if url.startswith(HERE)]
    outside = [url for url in urls if not url.startswith(HERE)]
    names, missing = _of_archive(configuration, archive, in_archive)
    if outside:
        hosted_images.fetch(configuration, outside, now)
        images = hosted_images.known(outside)
        names |= {url: image.name for url, image in images.items() if image.name or image.unusable}
        for url in [url for url in outside if not names.get(url)]:
            problem = images[url].problem if url in images else None
            missing.append(MissingImage(url, problem or messages.IMAGE_WAITS()))
    return hosted(post, configuration.site.url, names), tuple(missing)


def _of_archive(
    configuration: Config, archive: Archive, urls: Iterable[str]
) -> tuple[dict[str, str], list[MissingImage]]:
    """Store images that are files of the archive. Return their names, "" for those that it doesn't have, and these."""
    names: dict[str, str] = {}
    missing: list[MissingImage] = []
    for url in urls:
        file = unquote(url.removeprefix(HERE).partition("?")[0])
        try:
            image = archive.image(file)
        except Problem as problem:
            names[url] = ""
            missing.append(MissingImage(file, message_of(problem)))
        else:
            names[url] = store.keep(configuration, image)
    return names, missing


def _without_links_into(html: str, place: str) -> str:
    """Return HTML without links to files of the archive, which have no address here; their words stay."""
    if place not in html:
        return html
    root = to_tree(html)
    for link in [link for link in root.iter("a") if (link.get("href") or "").startswith(place)]:
        link.drop_tag()
    return to_html(root)


def _without_headline(html: str, title: str) -> str:
    """Return the email without its post's headline, which is the subject: the page has that as its heading."""
    document = lxml_html.document_fromstring(html)
    headings = [
        heading
        for heading in document.xpath("//h2 | //h3 | //h4")
        if "headline" in (heading.get("class") or "").split()
    ]
    for heading in headings[:1]:
        if " ".join(heading.text_content().split()) == title:
            heading.drop_tree()
    return str(lxml_html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))
