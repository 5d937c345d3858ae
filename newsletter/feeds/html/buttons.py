"""Recognizes images that are not part of a post: sharing buttons, badges, advertisements of feeds, and counters.

Promises: a link in a sentence keeps its text, and an image that leads to a larger one stays.
"""

import re
from collections import Counter

from newsletter.feeds.document import split_address
from newsletter.feeds.html.markup import HtmlElement, drop, spaced, text_in

SHARE, BADGE, AD, COUNTER = "share button", "badge", "advertisement", "tracker"

_TO_SHARE = re.compile(
    r"mailto:\?|https?://(?:[\w-]+\.)*?(?:"
    r"facebook\.com/(?:sharer|share|dialog/(?:share|feed))|(?:twitter|x)\.com/(?:share\b|intent/(?:tweet|post)|home\?status=)"
    r"|reddit\.com/submit|linkedin\.com/(?:shareArticle|sharing/|cws/share)|plus\.google\.com/share"
    r"|pinterest\.[a-z.]+/pin/create|tumblr\.com/(?:share|widgets/share)|stumbleupon\.com/(?:submit|badge)"
    r"|digg\.com/(?:submit|remote-submit)|(?:delicious\.com|del\.icio\.us)/(?:save|post)|technorati\.com/faves"
    r"|(?:api\.|web\.)?whatsapp\.com/send\?|wa\.me/\?|(?:t|telegram)\.me/share|vk\.com/share|connect\.(?:ok\.ru|qq\.com)/"
    r"|getpocket\.com/(?:save|edit)|instapaper\.com/(?:hello2|edit|text)|news\.ycombinator\.com/submitlink"
    r"|threads\.(?:net|com)/intent|bsky\.app/intent/compose|buffer(?:app)?\.com/(?:add|share)|share\.flipboard\.com/"
    r"|addtoany\.com/(?:add_to|share)|addthis\.com/(?:bookmark|share)|(?:wd|www)\.sharethis\.com/|shareaholic\.com/"
    r"|(?:social-plugins\.)?line\.me/(?:R/msg|lineit/share)|(?:b\.hatena\.ne\.jp/(?:add|entry))|xing\.com/(?:spi/shares|app/user)"
    r"|evernote\.com/(?:clip|noteit)|printfriendly\.com/|service\.weibo\.com/share|meneame\.net/submit|flattr\.com/"
    r"|share\.diasporafoundation\.org/|(?:mastodonshare|sharetomastodon)\.|slashdot\.org/(?:bookmark|submit)"
    r"|friendfeed\.com/share|myspace\.com/(?:post|index\.cfm\?fuseaction=postto)|google\.com/(?:bookmarks/mark|buzz/post)"
    r")|https?://[^/]+/[^#]*[?&](?:flattrss_redirect|share=(?:facebook|twitter|x|email|linkedin|reddit|pocket|tumblr"
    r"|pinterest|jetpack-whatsapp|telegram|mastodon|bluesky|threads|print))\b",
    re.IGNORECASE,
)
_NETWORKS = (
    r"facebook|twitter|x|reddit|linkedin|google\+?(?: ?plus)?|google buzz|pinterest|tumblr|stumbleupon|digg|delicious"
    r"|del\.icio\.us|whatsapp|telegram|pocket|instapaper|mastodon|bluesky|threads|flipboard|myspace|xing|vk|weibo|line"
    r"|e-?mail|friendfeed|slashdot|technorati|buffer|hacker ?news|evernote"
)
_SAYS_SHARE = re.compile(
    rf"(?:share|add|post|save|submit|send|bookmark|pin)(?: (?:this|it|post|article))*"
    rf"(?: (?:on|to|at|via|by|with|in)(?: \w+){{0,2}})? (?:{_NETWORKS})!?"
    rf"|(?:tweet|like|digg|stumble|flattr|e-?mail|print|reddit|buzz|pin)(?: (?:this|it))(?: (?:post|article|story))?!?"
    rf"|bookmark and share|share(?:thi?s| this(?: post| article)?)?|addthis|addtoany"
    rf"|(?:del på|dela på|dela|del|teilen auf|auf|partager sur|compartir en|compartilhar no|condividi su|delen op)"
    rf" (?:{_NETWORKS})",
    re.IGNORECASE,
)
_SAYS_SHARE_OR_WHERE = re.compile(rf"{_SAYS_SHARE.pattern}|{_NETWORKS}", re.IGNORECASE)
_BADGE_IMAGE = re.compile(
    r"//(?:[\w-]+\.)*?(?:shields\.io|badge\.fury\.io|badgen\.net|travis-ci\.(?:org|com)/.+\.svg|codecov\.io/.+\.svg"
    r"|circleci\.com/.+\.svg|ci\.appveyor\.com/api|coveralls\.io/repos|bestpractices\.coreinfrastructure\.org"
    r"|api\.flattr\.com/|button\.flattr\.com/|codeclimate\.com/.+/badges/)"
    r"|/badge\.(?:svg|png|gif)|[/_-](?:flattr|technorati|feedburner|bloglovin|blogcatalog|networkedblogs)[\w-]*badge[\w-]*\.",
    re.IGNORECASE,
)
_AD_IMAGE = re.compile(
    r"//(?:[\w-]+\.)*?(?:pheedo\.com/|feedads\.g\.doubleclick\.net/|doubleclick\.net/|googlesyndication\.com/"
    r"|googleadservices\.com/|feedsportal\.com/|rss\.buysellads\.com/|buysellads\.net/|carbonads\.(?:com|net)/"
    r"|adbrite\.com/|adsonar\.com/|bidvertiser\.com/|amazon-adsystem\.com/(?!widgets/q\?)|tradedoubler\.com/imp|zanox[\w-]*\.com/"
    r"|feedburner\.com/~a[/t]|feedproxy\.google\.com/~a[/t])"
    r"|/(?:adview|avw|delivery/(?:ai|avw|lg|ck))\.php\b|//(?:ads?|adserver|banners?)\d*\.[\w-]+\.[\w.]+/",
    re.IGNORECASE,
)
_COUNTER_IMAGE = re.compile(
    r"//(?:[\w-]+\.)*?(?:statcounter\.com/|sitemeter\.com/|histats\.com/|hitwebcounter\.com/|met\.vgwort\.de/"
    r"|assoc-amazon\.[a-z.]+/e/ir|hits\.(?:seeyoufarm|sh|dwyl)\b|flagcounter\.com/|clustrmaps\.com/|revolvermaps\.com/"
    r"|counter\.yadro\.ru/|mc\.yandex\.ru/|scorecardresearch\.com/|list-manage\.com/track/|sendgrid\.net/wf/open)"
    r"|/(?:piwik|matomo|counter|hitcounter|track|open|pixel|beacon)\.(?:php|aspx?|cgi)\b"
    r"|/(?:pixel|beacon|counter|hit|count|webbug|tracker)\.gif\b",
    re.IGNORECASE,
)
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:\?|\Z)", re.IGNORECASE)
_WIDEST, _HIGHEST = 240, 90
_BLOCKS = ("p", "li", "ul", "div", "td")
_SEPARATORS = re.compile(r"[\s|·•,:;/–—-]*")
_INTRODUCTION = re.compile(
    rf"(?:share|teilen|partager|compartir|compartilhar|condividi|delen?|dela)?(?: this)?(?:{_SEPARATORS.pattern})",
    re.IGNORECASE,
)


def drop_buttons(root: HtmlElement) -> Counter[str]:
    """Remove these images with the links around them, and lines that have only links to share; return how many."""
    counts: Counter[str] = Counter()
    blocks: list[HtmlElement] = []
    for image in list(root.iter("img")):
        if kind := _kind(image):
            counts[kind] += 1
            blocks += [element for element in image.iterancestors(*_BLOCKS) if element is not root]
            _remove(image)
    for block in [e for e in root.iter(*_BLOCKS) if e is not root]:
        if count := _links_to_share(block):
            counts[SHARE] += count
            blocks.append(block)
            drop(block.iter("a"))
    for block in dict.fromkeys(blocks):
        if block.getparent() is not None and block.find(".//img") is None and _INTRODUCTION.fullmatch(text_in(block)):
            block.drop_tree()
    return counts


def _kind(image: HtmlElement) -> str:
    """Return what an image is, "" for one that belongs to the post."""
    source = image.get("src") or ""
    link = next(image.iterancestors("a"), None)
    address = "" if link is None else link.get("href") or ""
    if _COUNTER_IMAGE.search(source):
        return COUNTER
    if _is_button(image, address):
        return SHARE
    if _AD_IMAGE.search(source):
        return AD
    return BADGE if _BADGE_IMAGE.search(source) else ""


def _is_button(image: HtmlElement, address: str) -> bool:
    """Return whether an image is a small one in a link to share the post, or says that it is."""
    if not address or _IMAGE_FILE.search(split_address(address).path):
        return False
    if int(image.get("width") or 0) > _WIDEST or int(image.get("height") or 0) > _HIGHEST:
        return False
    says = (spaced(image.get(name) or "") for name in ("alt", "title"))
    return bool(_TO_SHARE.match(address)) or any(text and _SAYS_SHARE.fullmatch(text) for text in says)


def _remove(image: HtmlElement) -> None:
    """Remove an image, and the link around it if that shows nothing else."""
    link = next(image.iterancestors("a"), None)
    image.drop_tree()
    if link is not None and not text_in(link) and link.find(".//img") is None:
        link.drop_tree()


def _links_to_share(block: HtmlElement) -> int:
    """Return how many links a block has if all of them are to share the post, and it says nothing else."""
    links = list(block.iter("a"))
    if (
        not links
        or block.find(".//p") is not None
        or block.find(".//img") is not None
        or not all(_TO_SHARE.match(a.get("href") or "") for a in links)
    ):
        return 0
    beside = text_in(block)
    for link in links:
        beside = beside.replace(text_in(link), "", 1)
    if len(links) == 1 and not _SAYS_SHARE_OR_WHERE.fullmatch(text_in(links[0])):
        return 0
    return len(links) if _INTRODUCTION.fullmatch(beside) else 0
