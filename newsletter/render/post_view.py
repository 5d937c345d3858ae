"""Posts and their groups as templates see them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape, unescape
from zoneinfo import ZoneInfo

from markupsafe import Markup

from newsletter.domain.digest import Digest, DigestPost, Group, Preview
from newsletter.domain.encoded_email import SlotEncoding
from newsletter.domain.found_post import Image
from newsletter.render.block_view import BlockView
from newsletter.render.content.addresses import uri
from newsletter.render.content.boxes import email_form
from newsletter.render.content.content import prepare
from newsletter.render.content.excerpt import excerpt
from newsletter.render.content.first_line import LONGEST_LINE, ends_with_mark, first_line, lone_link, with_standfirst
from newsletter.render.content.headline import is_torn, without_headline
from newsletter.render.content.images import filling, fitted, names_file, shows_picture, sized
from newsletter.render.content.own_words import name_of_recording, with_own_words
from newsletter.render.content.post_images import with_cover, with_first_image
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import PICTURE, PLAY, recording_of, video_of, without_recordings, without_video
from newsletter.render.dates import date_range, direction, direction_of_text
from newsletter.render.meta_line import MetaLines
from newsletter.render.scope import Scope, cleaned, with_placeholders
from newsletter.render.theme.colours import readable
from newsletter.render.theme.designs import DESIGNS, Design
from newsletter.render.words import colon, words

LISTED = 3
"""The titles in the table of contents, which leaves the first post on the first screen."""
_WORDS = re.compile(r"\w")
_LONGEST_ORPHAN = 6
"""Characters of a last word that stays on the line of the word before it."""
_SIDE = 184
"""The width of a cover beside a text, in CSS pixels."""
_LONGEST_BESIDE = 900
"""The most characters of a text that is shown beside a cover; longer texts are below it."""
_WORDS_BESIDE = 40
"""About how many words of a shortened text stand beside a cover, which is about as high."""
_MANY_DAYS = 0.6
"""The share of posts with a day of their own from which days are told below headlines, and have no headings."""
_ARROWS = {"ltr": "→", "rtl": "←"}


@dataclass(frozen=True, slots=True)
class PostView:
    """A post in a template. `html` and `text` are its body, "" for a headline only; `read_on` is the label of the
    link to the rest, and `link_below` its form below the text: "button", "words" or "" if an arrow at the end of the
    text is that link. `comments_url` is the page of the comments if they are linked.
    """

    id: str
    url: str
    title: str
    html: Markup
    text: str
    line: str
    whole: bool
    partial: bool
    read_on: str
    link_below: str
    comments_url: str
    source: str
    author: str
    time: str
    date: str
    meta: tuple[str, ...]
    language: str
    dir: str
    level: int
    lead: bool
    beside: bool
    image: Image | None
    categories: tuple[str, ...]
    blocks: tuple[BlockView, ...]
    listed: bool = True
    """Whether the table of contents has the post."""
    alone: bool = False
    """Whether the edition has no other post."""
    note: bool = False
    """Whether the post is shown without its headline, which would be torn from the text that it begins."""
    recording: str = ""
    recording_label: str = ""
    """The address of the first recording, of a video, or of a link that is all of the text, and the words of a link to
    it, where a line takes the place of the text."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """Posts under one heading ("" for none). `colour` and the readable `colour_text` are "" for the usual ones."""

    heading: str
    posts: tuple[PostView, ...]
    level: int
    colour: str
    colour_text: str

    @property
    def listed(self) -> bool:
        """Whether the table of contents has one of the posts."""
        return any(post.listed for post in self.posts)

    @property
    def parts(self) -> tuple[tuple[PostView, ...], ...]:
        """The posts in two lists, the one that leads first, without empty ones."""
        leading = tuple(post for post in self.posts if post.lead)
        following = tuple(post for post in self.posts if not post.lead)
        return tuple(filter(None, (leading, following)))


@dataclass(frozen=True, slots=True)
class _Body:
    """A post's text as HTML, and the image that a template shows with it."""

    html: str
    image: Image | None
    beside: bool = False


@dataclass(frozen=True)
class PostViews:
    """Makes the views of a digest's posts, for HTML or text."""

    digest: Digest
    scope: Scope
    blocks: Mapping[str, tuple[BlockView, ...]]

    def groups(self) -> tuple[GroupView, ...]:
        """Return the groups; in most designs the first post of the first one leads.

        The only one has no heading if it is the day that stands beside the newsletter's title. Days of which most have
        one post have no headings: they are told below the headlines.
        """
        groups = self.digest.groups
        posts = [post for group in groups for post in group.posts]
        told = self.digest.letterhead.theme.meta is None or {"date", "time"} & set(self.digest.letterhead.theme.meta)
        if told and all(group.by == "day" for group in groups) and len(groups) > _MANY_DAYS * len(posts):
            groups = (Group("", tuple(posts), by="day"),)
        if len(groups) == 1 and groups[0].heading == self._dates:
            groups = (replace(groups[0], heading=""),)
        return tuple(self._group(group, first=number == 0) for number, group in enumerate(groups))

    def headlines(self) -> tuple[PostView, ...]:
        """Return the posts of which only the headline is shown."""
        nowhere = Group("", ())
        return tuple(self._post(replace(post, html="", image=None), 3, nowhere) for post in self.digest.headlines)

    def _group(self, group: Group, *, first: bool) -> GroupView:
        level = 3 if group.heading else 2
        leads = first and self._design.leads
        posts = tuple(
            self._post(post, level, group, lead=leads and number == 0) for number, post in enumerate(group.posts)
        )
        background = self.digest.letterhead.theme.background
        colour_text = readable(group.colour, background) if group.colour else ""
        return GroupView(cleaned(group.heading), posts, level, group.colour, colour_text)

    def _post(self, post: DigestPost, level: int, group: Group, *, lead: bool = False) -> PostView:
        if post.html:
            post = _with_html(post, with_own_words(post.html, self._language, collapse(post.title)))
        title = cleaned(post.title)
        note = self._is_note(post, title)
        if opens := lead and self._design.opens and not self.pictureless:
            level = 2
        body = self._body(post, title, level, lead=lead, note=note) if post.html else _Body("", None)
        recording, recording_label = self._beside_line(post)
        meta = tuple(filter(None, (self._meta_part(part) for part in self._meta.parts(post, group, opens=opens))))
        html = with_standfirst(body.html) if lead and self.pictureless else body.html
        html = with_placeholders(html, self.scope, unescape) if post.written else html
        return PostView(
            id=post.id,
            url=uri(post.url),
            title=title,
            html=self.scope.word_for(html),
            text=plain(html) if self.scope.form is SlotEncoding.TEXT else "",
            line=self._line(post, is_last=not recording),
            whole=post.whole and not post.partial,
            partial=post.partial,
            read_on=self._read_on(post),
            link_below=self._link_below(post, lead=lead),
            comments_url=self._comments(post),
            source=cleaned(post.source),
            author=cleaned(post.author),
            time=self._meta.time(post),
            date=self._meta.date(post),
            meta=meta,
            language=post.language,
            dir=direction(post.language) if post.language else direction_of_text(title),
            level=level,
            lead=lead,
            beside=body.beside,
            image=body.image,
            categories=post.categories,
            blocks=self.blocks.get(post.id, ()),
            listed=post.id in self._listed,
            alone=self._is_alone,
            note=note,
            recording=uri(recording),
            recording_label=recording_label,
        )

    def _line(self, post: DigestPost, *, is_last: bool) -> str:
        """Return a post's first words. The words of a title that was made of them are not repeated.

        In HTML the last two words of the last line stay together, so that none is alone on a line. If a link stands
        behind the line, a dot separates it from a line that doesn't end a sentence.
        """
        if not (self._design.lines and post.html):
            return ""
        html = without_recordings(post.html)
        line, title = cleaned(first_line(html, LONGEST_LINE)), cleaned(post.title).removesuffix("…")
        if line.startswith(title):
            longer = cleaned(first_line(html, LONGEST_LINE + len(title))).removeprefix(title).lstrip(" ,;:–-").rstrip()
            line = "" if not _WORDS.search(longer) else f"…{longer}" if post.title.endswith("…") else longer
        if self.scope.form is SlotEncoding.TEXT or not line:
            return line
        if not is_last:
            return line if ends_with_mark(line) else f"{line}\u00a0·"
        before, space, last = line.rpartition(" ")
        return f"{before}\u00a0{last}" if space and len(last) <= _LONGEST_ORPHAN else line

    def _beside_line(self, post: DigestPost) -> tuple[str, str]:
        """Return the address and the words of the link behind a line, "" without one.

        That is the first recording, with its duration behind a play mark; else the video with which the post begins, or
        the link that is all of its text.
        """
        if not (self._design.lines and post.html):
            return "", ""
        address, name = recording_of(post.html)
        if not address:
            address = video_of(post.html)
        if address:
            return address, f"{PLAY}\u00a0{name or name_of_recording(address, self._language)}"
        address, label = lone_link(post.html)
        is_elsewhere = uri(address) not in (uri(post.url), self._comments(post))
        return (address, label) if is_elsewhere else ("", "")

    def _comments(self, post: DigestPost) -> str:
        return uri(post.comments_url) if self.digest.letterhead.theme.comments and post.html else ""

    def _is_note(self, post: DigestPost, title: str) -> bool:
        """Return whether a post's headline is a piece of its text, below which the rest would begin in mid-sentence."""
        as_text = self._design.lines or self.scope.form is SlotEncoding.TEXT
        return not (as_text or post.written) and is_torn(post.html, title)

    def _body(self, post: DigestPost, title: str, level: int, *, lead: bool, note: bool) -> _Body:
        """Return the post's body; a post that shows its own image needs no picture for its videos."""
        if not (post.written or note):
            post = _with_html(post, without_headline(post.html, title))
        html, cover = self._with_chosen_images(post)
        if cover and post.image and cover.url == post.image.url:
            cover = replace(post.image, alt=cover.alt)  # whose size is known
        tallest = self.digest.letterhead.theme.image_height
        shows_none = "<img" not in html
        previews = post.previews if self.scope.form is SlotEncoding.HTML else without_pictures(post.previews)
        of_video = next((preview.image for preview in previews if preview.image and escape(preview.url) in html), None)
        if self._design.covers and shows_none and not cover and of_video:
            cover, previews = of_video, without_pictures(previews)
            html = without_video(html, post.url)  # the cover leads there
        feed_image = post.image if shows_none and not of_video else None
        image = (cover or feed_image) if self._design.images else None
        is_short = len(html) < _LONGEST_BESIDE and self.scope.form is SlotEncoding.HTML
        beside = self._design.beside and image is not None and not lead and shows_none and is_short
        if beside and not (post.whole or post.written or post.cut_to_fit):
            html = excerpt(html, _WORDS_BESIDE)[0]
        if post.written:
            html = email_form(html, self._language, in_text=self.scope.form is SlotEncoding.TEXT)
        site = self.digest.letterhead.site_url
        html = prepare(
            html,
            url=post.url,
            title=title,
            level=level,
            whole=post.whole and not post.partial,
            play=site + PICTURE if image is None and self.scope.form is SlotEncoding.HTML else "",
            previews=previews,
            site=site,
            tallest=tallest,
            column=self._design.column,
            coloured=self.digest.code_colours and self.scope.form is SlotEncoding.HTML,
            linked=self.scope.form is SlotEncoding.HTML and bool(self._read_on(post)),
            watch=name_of_recording("", self._language),
            arrow=("", "") if self._link_below(post, lead=lead) else self._arrow(post, title, note=note),
        )
        return _Body(html, _sized(image, _SIDE if beside else self._design.cover, tallest) if image else None, beside)

    def _with_chosen_images(self, post: DigestPost) -> tuple[str, Image | None]:
        """Return a post's text with the images that design and theme show, and the one that they show above it."""
        chosen = self.digest.letterhead.theme.images
        if self.scope.form is not SlotEncoding.HTML or "<img" not in post.html:
            return post.html, None
        if chosen == "lead" and self._design.images:
            return with_cover(post.html, whole=False)
        html = post.html if chosen == "all" else with_first_image(post.html)
        takes_images = self._design.covers or not (self._design.images or post.whole)
        return with_cover(html, whole=post.whole) if takes_images else (html, None)

    def _read_on(self, post: DigestPost) -> str:
        """Return the label of the link to the whole post, "" if it gets none."""
        if (post.whole and not post.partial) or not (post.html and post.url):
            return ""
        usual = words(self._language)["read_on"] if post.partial or self._design.read_on else ""
        return self.digest.letterhead.theme.read_on or usual

    def _link_below(self, post: DigestPost, *, lead: bool) -> str:
        """Return the form of the link below a shortened post: a button below the first one, or a publisher's words."""
        if not self._read_on(post):
            return ""
        if lead and self._design.read_on:
            return "button"
        return "words" if self.digest.letterhead.theme.read_on or self._design.lines else ""

    def _arrow(self, post: DigestPost, title: str, *, note: bool) -> tuple[str, str]:
        """Return an arrow and what it says to those who don't see it, ("", "") if the text isn't shortened.

        A note has one in any case: it has no headline that is a link.
        """
        label = self._read_on(post)
        if not (label or (note and post.url)) or self.scope.form is not SlotEncoding.HTML:
            return "", ""
        way = direction(post.language) if post.language else direction_of_text(title)
        return _ARROWS[way], f"{label}{colon(self._language)}{title}" if label else title

    def _meta_part(self, part: str) -> str:
        """Return a part of the line below a headline; plain text has no no-break spaces."""
        return cleaned(part) if self.scope.form is SlotEncoding.HTML else cleaned(part).replace("\u00a0", " ")

    @cached_property
    def _design(self) -> Design:
        return DESIGNS[self.digest.letterhead.theme.design]

    @cached_property
    def _dates(self) -> str:
        """The dates below the title, "" if they are hidden."""
        digest = self.digest
        if not digest.letterhead.theme.dates:
            return ""
        return date_range(digest.since, digest.until, self._zone, self._language)

    @cached_property
    def _listed(self) -> frozenset[str]:
        """The posts that the table of contents has: not the first, whose headline follows, and not all others but one,
        which takes no more room than a note about it.
        """
        posts = self.digest.posts[1:]
        return frozenset(post.id for post in (posts if len(posts) <= LISTED + 1 else posts[:LISTED]))

    @cached_property
    def pictureless(self) -> bool:
        """Whether a design that leads with a picture has none to show: neither the posts nor their videos have one."""
        posts = [post for group in self.digest.groups for post in group.posts]
        illustrated = (post.image or shows_picture(post.html) or any(v.image for v in post.previews) for post in posts)
        return self._design.opens and self.scope.form is SlotEncoding.HTML and not any(illustrated)

    @cached_property
    def _is_alone(self) -> bool:
        """Whether the edition has one post."""
        return len(self.digest.posts) == 1

    @property
    def unlisted(self) -> int:
        """How many posts the table of contents leaves out."""
        return len(self.digest.posts[1:]) - len(self._listed)

    @cached_property
    def _meta(self) -> MetaLines:
        return MetaLines(self.digest)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.digest.letterhead.timezone)

    @cached_property
    def _language(self) -> str:
        return self.digest.letterhead.language


def _with_html(post: DigestPost, html: str) -> DigestPost:
    """Return a post with another text; itself if it is the same, since copies of all posts take time."""
    return post if html == post.html else replace(post, html=html)


def without_pictures(previews: tuple[Preview, ...]) -> tuple[Preview, ...]:
    """Return what is known of videos without their pictures."""
    return tuple(replace(preview, image=None) for preview in previews)


def _sized(image: Image, column: int, tallest: int) -> Image:
    """Return an image at the width of its column, or smaller if it is small or would be too high."""
    width, height = fitted(*filling(image.width, image.height, column), column, tallest)
    alt = "" if names_file(image.alt, image.url) else collapse(cleaned(image.alt))
    return Image(uri(sized(image.url)), alt, width, height)
