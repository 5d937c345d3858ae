"""Removes lines that feeds add to posts, such as "Read more", "Related" and notes on where a post appeared first.

They say whether a feed has only the beginning of a post, which emails end with a link of their own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.feeds.document import split_address
from newsletter.feeds.html.footnote_ids import is_same_page
from newsletter.feeds.html.markup import HtmlElement, drop, spaced, text_in

_MORE = (
    r"(?:read|see) more(?: here)?",
    r"(?:click here to )?read (?:on|the rest|the full (?:story|article|post))",
    r"(?:continue|keep) reading|learn more|full (?:story|article)",
    r"les (?:mer|meir|videre|hele saken|heile saka|saken|artikkelen)(?: her)?|fortsett å lese",
    r"læs (?:mere|videre|hele artiklen)(?: her)?|fortsæt læsning",
    r"läs (?:mer|vidare|hela artikeln)(?: här)?|fortsätt läsa",
    r"weiterlesen|(?:mehr|hier weiter) lesen|mehr erfahren|zum artikel",
    r"lire (?:la suite|plus|l['’]article)|en savoir plus",
    r"leer más|(?:seguir|sigue|continuar) leyendo|ver más",
    r"l[eé]r mais|leia mais|(?:continue|continuar) (?:lendo|a ler)|saiba mais",
    r"leggi (?:tutto|di più)|continua a leggere",
    r"lees (?:meer|verder)|verder lezen",
    r"lue lisää|jatka lukemista|lesa meira",
    r"czytaj (?:dalej|więcej)|číst (?:dál|více)|čítať ďalej|(?:olvass )?tovább|cite[sș]te mai mult",
    r"loe edasi|skaityti daugiau|lasīt vairāk|devamını oku|διαβάστε περισσότερα",
    r"читать (?:далее|дальше|полностью)|подробнее|читати далі",
    r"続きを読む|もっと読む|阅读(?:更多|全文)|继续阅读|繼續閱讀|더 ?보기|계속 읽기",
    r"और पढ़ें|आगे पढ़ें|আরও পড়ুন|மேலும் படிக்க|อ่าน(?:ต่อ|เพิ่มเติม)",
    r"(?:اقرأ|قراءة) المزيد|تابع القراءة|مزید پڑھیں|ادامه(?:ٔ|\u200cی)? مطلب|بیشتر بخوانید",
    r"קראו? עוד|המשך לקרוא|המשך קריאה|לקריאה נוספת",
    r"đọc (?:tiếp|thêm)|xem thêm|baca (?:selengkapnya|lagi|lebih lanjut|selanjutnya)",
    r"llegeix(?:-ne)? més|continua llegint|(?:ler|le) máis|pročitaj(?:te)? više|preberi(?:te)? več",
    r"прочети(?:те)? (?:още|повече)",
)
_READ_MORE = re.compile(rf"[\W_]{{0,8}}(?:{'|'.join(_MORE)})[\W_]{{0,8}}", re.IGNORECASE)

_CONTINUE_ON = re.compile(
    r"[\W_]{0,8}(?:(?:continue|keep) reading|read (?:the )?(?:full|whole|entire|original|rest of the) "
    r"(?:story|article|post)|read (?:more|on)|weiterlesen|lire la suite|les (?:mer|videre))\b.{0,80}",
    re.IGNORECASE,
)
_APPEARED_FIRST = re.compile(
    r"the (?:post|article) .+ (?:appeared first on|first appeared on) .+"
    r"|.+ was originally published in .+ on medium, where people are continuing the conversation.+"
    r"|der beitrag .+ erschien zuerst auf .+|l['’]article .+ est apparu en premier sur .+"
    r"|la entrada .+ (?:se publicó primero|apareció primero|aparece primero) en .+"
    r"|o (?:post|conteúdo|artigo) .+ (?:apareceu|aparece|foi publicado) primeiro em .+"
    r"|(?:l['’]articolo|il post) .+ (?:proviene da|sembra essere il primo su) .+"
    r"|(?:het bericht|de post) .+ verscheen eerst op .+"
    r"|innlegget .+ (?:dukket først opp|ble først publisert) på .+"
    r"|indlægget .+ (?:dukkede først op|blev først udgivet) på .+"
    r"|inlägget .+ dök först upp på .+|artikkeli .+ julkaistiin ensimmäi.+|(?:artykuł|post) .+ pochodzi z serwisu .+"
    r"|příspěvek .+ (?:pochází z|se nejdříve objevil na|appeared first on) .+"
    r"|(?:запись|сообщение) .+ (?:впервые )?появил\w+ .+"
    r"|(?:запис|допис) .+ (?:спершу|вперше) з['’]явив\w+ .+|.+ yazısı ilk önce .+ ortaya çıktı.*"
    r"|.+ は .+ に最初に表示されました。?|.+最先出现在.+|.+ 게시물이 .+ 처음 등장했습니다.*"
    r"|articolul .+ apare prima dată .+|l['’]entrada .+ ha aparegut primer a .+|.+ bejegyzés először .+ jelent meg.*"
    r"|το άρθρο .+ εμφανίστηκε πρώτα στο .+|(?:objava|članak) .+ pojavi(?:la|o) se prvi puta? na .+"
    r"|bài viết .+ đã xuất hiện đầu tiên .+|(?:artikel|postingan|pos) .+ pertama kali tampil pada .+"
    r"|.+這篇文章最早發佈於.+"
    r"|ظهرت المقالة .+ أولاً على .+|הפוסט .+ הופיע לראשונה ב.+|نوشته .+ اولین بار در .+ پدیدار شد.*",
    re.IGNORECASE,
)
_RELATED = re.compile(
    r"(?:related(?: (?:posts?|articles?|stor(?:y|ies)|reading))?|see also|read also|also read|les også|relatert"
    r"|læs også|läs också|läs även|siehe auch|lesen sie auch|mehr zum thema|(?:à )?lire aussi|lea también|leer también"
    r"|relacionado|leia também|veja também|leggi anche|lees ook|lue myös|czytaj (?:też|także|również)|čtěte také"
    r"|читайте (?:также|також)|関連記事|相关(?:阅读|文章)|相關文章)\s?[:：] ?(.+)",
    re.IGNORECASE,
)
_SUBMITTED = re.compile(r"submitted by /?u/[\w-]+(?: to /?(?:r|u)/[\w-]+)?")
"""What Reddit's feeds say of the author below each post, which has its author in a field."""
_LABEL = re.compile(r"\[(?:link|comments)\]")
"""What Reddit's feeds have below each post; a link to another page than the post's stays."""
LONGEST_NOTE = 500
"""Characters of a paragraph that can be a note of a feed."""
_CUT_OFF = re.compile(r"(?:\[\s*(?:…|\.{3,4})\s*\]|\(\s*(?:…|\.{3,4})\s*\))[\W_]{0,4}\Z")


@dataclass(frozen=True, slots=True)
class LeadingOn:
    """How many lines that lead to the whole post were removed, and notes, and whether more of the post is elsewhere."""

    lines: int
    notes: int
    partial: bool


def drop_leading_on(root: HtmlElement, page: str) -> LeadingOn:
    """Remove lines that only say "Read more", in one of forty languages, and notes of feeds.

    `page` is the post's own address, "" if it is unknown. A line that leads elsewhere, as in a collection of links,
    stays.
    """
    notes = [e for e in root.iter("p") if e.find(".//img") is None and _says_read_more(e) and _leads_on(e, page)]
    lines = [line for line in notes if not _is_above_links(line)]
    links = [a for a in root.iter("a") if _is_lone_line(a) and _says_read_more(a) and _leads_on(a, page)]
    notes_below = [e for e in root.iter("p") if not _says_read_more(e) and _is_note(e, _CONTINUE_ON.fullmatch)]
    goes_on = [e for e in notes_below if text_in(e.find(".//a")) == text_in(e)]
    notes_of_origin = drop(e for e in root.iter("p") if _is_note(e, _APPEARED_FIRST.fullmatch))
    last_lines = (*lines, *links)
    leads_on = any(_leads_to(link.get("href") or "", page) for line in last_lines for link in line.iter("a"))
    partial = bool(goes_on) or leads_on or any(map(_is_last, last_lines))
    for link in links:
        link.getprevious().drop_tree()
    labels = [a for a in root.iter("a") if _LABEL.fullmatch(text_in(a)) and _leads_to(a.get("href") or "", page)]
    for label in labels:
        block = label.getparent()
        label.drop_tree()
        if len(block) and block[-1].tag == "br" and not spaced(block[-1].tail or ""):
            block[-1].drop_tree()
    drop((*lines, *links, *goes_on))
    notes_left_out = len(goes_on) + notes_of_origin + len(list(_last_notes(root, page)))
    cut_off = bool(_CUT_OFF.search(text_in(root)))
    return LeadingOn(len(lines) + len(links) + len(labels), notes_left_out, partial or cut_off)


def _last_notes(root: HtmlElement, page: str) -> Iterator[HtmlElement]:
    """Take away the paragraphs at the end that lead to another page of the same site, or name who sent a post."""
    for paragraph in reversed(list(root.iter("p"))):
        if not text_in(paragraph):
            continue
        if not (_is_last(paragraph) and (_is_note(paragraph, _SUBMITTED.fullmatch) or _is_related(paragraph, page))):
            return
        paragraph.drop_tree()
        yield paragraph


def _is_related(paragraph: HtmlElement, page: str) -> bool:
    links = [text_in(link) for link in paragraph.iter("a")]
    related = _RELATED.fullmatch(text_in(paragraph))
    return related is not None and links == [related[1]] and bool(page) and _leads_on(paragraph, page)


def _is_above_links(line: HtmlElement) -> bool:
    """Return whether a line without a link announces the links of a list below it."""
    below = line.getnext()
    is_list = below is not None and below.tag in ("ul", "ol")
    return is_list and line.find(".//a") is None and below.find(".//a") is not None


def _is_last(line: HtmlElement) -> bool:
    """Return whether no text comes after a line."""
    below_root = [line, *line.iterancestors()][:-1]
    following = (text for e in below_root for text in (e.tail or "", *map(text_in, e.itersiblings())))
    return not any(map(spaced, following))


def _leads_to(address: str, page: str) -> bool:
    return bool(page) and is_same_page(address, page)


def _says_read_more(element: HtmlElement) -> bool:
    text = text_in(element)
    return len(text) < 60 and bool(_READ_MORE.fullmatch(text))


def _leads_on(line: HtmlElement, page: str) -> bool:
    """Return whether a line has no link, or one to the post's own site."""
    return not page or all(_site(link.get("href") or "") == _site(page) for link in line.iter("a"))


def _site(address: str) -> str:
    """Return the last two labels of an address's host, which subdomains share, such as `blog.` and `www.`."""
    return ".".join((split_address(address).hostname or "").split(".")[-2:])


def _is_lone_line(link: HtmlElement) -> bool:
    """Return whether a link is the last line of a paragraph, alone behind a line break."""
    previous = link.getprevious()
    begins_line = previous is not None and previous.tag == "br" and not spaced(previous.tail or "")
    return begins_line and link.getnext() is None and not spaced(link.tail or "")


def _is_note(paragraph: HtmlElement, says: Callable[[str], object]) -> bool:
    """Return whether a paragraph is one of the notes that feeds add; all of them are or have a link."""
    text = text_in(paragraph)
    only_words = paragraph.find(".//a") is not None and paragraph.find(".//img") is None
    return only_words and len(text) <= LONGEST_NOTE and bool(says(text))
