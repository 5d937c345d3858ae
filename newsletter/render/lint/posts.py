"""Rules about posts: each exactly once in the contents, in the HTML and in the text."""

from collections import Counter
from collections.abc import Iterator

from newsletter.mail import DigestPost, Finding
from newsletter.render.fragment import Element, text_of
from newsletter.render.lint.codes import finding
from newsletter.render.lint.look import Look

Key = tuple[str, str]


def posts(look: Look) -> Iterator[Finding]:
    """Counts every post's headline, as a link to its address, by where it stands; those without one can't be told."""
    lists = look.body.find_class("contents")
    inside = {link for element in lists for link in element.iter("a")}
    wanted = Counter(map(_key, look.digest.posts))
    places: list[tuple[str, Counter[Key]]] = [
        ("html", Counter(_link_key(link) for link in look.links if link not in inside)),
        ("text", _text_counts(look)),
    ]
    if lists:
        places.append(("contents", Counter(map(_link_key, inside))))
    for post in filter(lambda post: post.url, look.digest.posts):
        for where, counts in places:
            yield from _compare(post, counts[_key(post)], wanted[_key(post)], where)


def something(look: Look) -> Iterator[Finding]:
    """There is a post, or a word of an editor's."""
    digest = look.digest
    if not (digest.posts or digest.greeting.strip() or digest.closing.strip()):
        yield finding("nothing-in-it", "There are no posts, and nothing was written above or below.")


def _compare(post: DigestPost, found: int, wanted: int, where: str) -> Iterator[Finding]:
    if found < wanted:
        yield finding("post-missing", f"“{post.title}” is not in the {where}.", post.id)
    elif found > wanted:
        yield finding("post-repeated", f"“{post.title}” stands {found} times in the {where}.", post.id)


def _key(post: DigestPost) -> Key:
    return post.url, " ".join(post.title.split())


def _link_key(link: Element) -> Key:
    return link.get("href") or "", text_of(link)


def _text_counts(look: Look) -> Counter[Key]:
    """How often each post's address stands at a line's end, with its title in that line or shortly above."""
    lines = [" ".join(line.split()) for line in look.rendered.text.split("\n")]
    counts: Counter[Key] = Counter()
    keys = {_key(post) for post in look.digest.posts if post.url}
    for number, line in enumerate(lines):
        for key in keys:
            if line.split(" ")[-1] == key[0] and any(key[1] in near for near in lines[max(0, number - 3) : number + 1]):
                counts[key] += 1
    return counts
