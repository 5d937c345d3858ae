"""The categories that a blog gives its posts, as topics are chosen from them."""

from collections import Counter

from newsletter.models import Post

POSTS, MOST = 500, 40
"""How many of the newest posts are looked at, and how many categories are offered at most."""


def categories_of(newsletter: str) -> list[str]:
    """Return the commonest categories of a newsletter's newest posts, by name; each as it is written most often."""
    newest = Post.objects.filter(newsletter=newsletter).order_by("-pk").values_list("categories", flat=True)[:POSTS]
    spellings = Counter(str(category).strip() for categories in newest for category in categories)
    names: dict[str, str] = {}
    totals: Counter[str] = Counter()
    for spelling, count in spellings.most_common():
        names.setdefault(spelling.casefold(), spelling)
        totals[spelling.casefold()] += count
    return sorted((names[key] for key, _ in totals.most_common(MOST) if key), key=str.casefold)
