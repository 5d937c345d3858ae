"""Excerpts end with a sentence, and are valid HTML."""

import re
from html import escape

import pytest
from hypothesis import given, strategies as st
from lxml import html as lxml_html

from newsletter.render.content.excerpt import count_words, ends_sentence, excerpt, text_runs, words_in
from newsletter.render.content.fragment import parse
from tests.patterns import in_time


def words_of(html: str) -> list[str]:
    return " ".join(lxml_html.fragment_fromstring(html, create_parent="div").itertext()).split()


def test_a_short_post_stays_as_it_is() -> None:
    html = "<p>Four words &amp; more.</p>"
    assert excerpt(html, 80) == (html, True)


def test_the_cut_is_at_the_nearest_sentences_end() -> None:
    html = "<p>One two three. Four five six. Seven eight nine ten eleven twelve.</p>"
    assert excerpt(html, 7) == ("<p>One two three. Four five six.</p>", False)


def test_the_end_of_a_paragraph_ends_a_sentence() -> None:
    assert excerpt("<p>A line without a stop</p><p>Another one that goes on and on</p>", 5)[0] == (
        "<p>A line without a stop</p>"
    )


def test_an_abbreviation_or_a_date_ends_no_sentence() -> None:
    html = "<p>On 6. februar Dr. Berg of the U.S. team spoke for hours. Then came lunch and a long walk.</p>"
    assert excerpt(html, 11)[0] == "<p>On 6. februar Dr. Berg of the U.S. team spoke for hours.</p>"


def test_without_the_end_of_a_sentence_nearby_words_are_counted() -> None:
    assert words_of(excerpt("<p>" + "word " * 100 + "</p>", 10)[0]) == ["word"] * 10


def test_tags_that_are_open_are_closed_and_entities_stay_whole() -> None:
    html = (
        "<ul><li>One <b>two &amp; <i>three. Four</i></b> five six seven eight nine ten eleven twelve.</li></ul><p>X</p>"
    )
    assert excerpt(html, 4) == ("<ul><li>One <b>two &amp; <i>three.</i></b></li></ul>", False)


def test_a_picture_at_the_end_is_dropped_and_one_inside_stays() -> None:
    html = '<p><img src="a" alt=""> One two three.</p><figure><img src="b"></figure><p>Four five six seven eight.</p>'
    assert excerpt(html, 3)[0] == '<p><img src="a" alt=""> One two three.</p>'


def test_excerpts_of_languages_without_spaces_are_as_long_as_those_of_others() -> None:
    html = "<p>" + "これは文です。" * 40 + "</p>"
    shown, whole = excerpt(html, 40)
    assert not whole
    assert shown.endswith("。</p>")
    assert 70 <= len(words_of(shown)[0]) <= 100


def cut(text: str, words: int) -> str:
    """Return the text of an excerpt of one paragraph."""
    return excerpt(f"<p>{text}</p>", words)[0].removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        # Thai and Lao end clauses with a space, and repeat a word with a sign that a space follows.
        ("เรือออกจากท่าตอนเช้า ลูกเรือนับปลา ตลาดเปิดตอนเที่ยง ทุกคนกลับบ้าน", 7, "เรือออกจากท่าตอนเช้า ลูกเรือนับปลา"),
        ("เรือเล็กๆ ลำหนึ่งออกจากท่า ลูกเรือนับปลา ตลาดเปิดตอนเที่ยง", 5, "เรือเล็กๆ ลำหนึ่งออกจากท่า"),
        ("ເຮືອອອກຈາກທ່າຕອນເຊົ້າ ລູກເຮືອນັບປາ ຕະຫຼາດເປີດຕອນທ່ຽງ", 5, "ເຮືອອອກຈາກທ່າຕອນເຊົ້າ"),
        # Khmer and Burmese have full stops of their own.
        ("ទូកចេញពីកំពង់ផែនៅពេលព្រឹក។ អ្នកនេសាទរាប់ត្រី។ ផ្សារបើក។", 6, "ទូកចេញពីកំពង់ផែនៅពេលព្រឹក។"),
        ("လှေများမနက်တွင်ထွက်သည်။ ငါးဖမ်းသမားများငါးရေတွက်သည်။", 6, "လှေများမနက်တွင်ထွက်သည်။"),
        (
            "小船清晨离港。渔民说：“今天鱼很多。”市场中午开门，大家都回家吃饭了。",
            9,
            "小船清晨离港。渔民说：“今天鱼很多。”",
        ),
        ("船は朝に港を出た。「魚が多い。」と漁師は言った。市場は昼に開く。", 6, "船は朝に港を出た。"),
        ("नाव सुबह निकली। मछुआरे गिनते हैं। बाज़ार दोपहर में खुलता है।", 4, "नाव सुबह निकली।"),
        ("خرجت القوارب صباحا. هل عاد الصيادون؟ نعم، كلهم عادوا الى بيوتهم.", 6, "خرجت القوارب صباحا. هل عاد الصيادون؟"),
        ("Ο ψαράς ήρθε. Πού πήγε; Στο λιμάνι, όπως κάθε μέρα του χρόνου.", 3, "Ο ψαράς ήρθε."),
    ],
)
def test_sentences_end_in_every_script(text: str, words: int, shown: str) -> None:
    assert cut(text, words) == shown


@pytest.mark.parametrize(
    "start",
    [
        "Mr. J. K. Olsen of Boats Inc. met Prof. Hay", "Das war am 3. Februar bei Hr. Vogt d.h. am Hafen von Bergen",
        "See Fig. 3 and vol. 2 by Hay, pp. 3 ff., of No. 10", "Han kom bl.a. kl. 12 med f.eks. Dr. Dahl osv. til byen",
        "The Most. Rev. Lund and the Rt. Rev. Hay saw the U.S. vs. St. Lucia at No. 10",
        "Av. J.-C. Dupont dit à M. Roy et Mme. Petit que vol. 3 de",
        "El Sr. López y la Sra. Gil de EE. UU. ven la pág. 12 de",
        "Laut Art. 3 und Bd. 2 aus dem 3. Jh. von Dipl. Ing. Vogt am",
        "Kl. 9 kom ca. 30 mill. Kroner pga. Dahl og evt. Berg til",
        "Он жил на ул. Мира т.е. в городе рядом с рекой", "Zie bijv. Boten d.w.z. Schepen o.a. Jachten in de haven",
    ],
)  # fmt: skip
def test_abbreviations_and_ordinals_end_no_sentence(start: str) -> None:
    count = len(start.split())
    assert cut(f"{start} today. Then we all went home.", count - 2) == f"{start} today."


def test_words_that_are_abbreviations_only_before_a_number_end_sentences() -> None:
    for word in ("no", "art", "ago", "red", "jul", "min", "tab"):
        assert ends_sentence(f"{word}.", "Then")
    assert not ends_sentence("art.", "12")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{'one ' * 5}two, {'three ' * 5}four, {'five ' * 30}", f"{'one ' * 5}two, {'three ' * 5}four"),
        (f"{'one ' * 8}two – {'three ' * 30}", f"{'one ' * 8}two"),
        (f"{'one ' * 8}(two, {'three ' * 30})", f"{'one ' * 7}one"),
        (f"{'one ' * 4}stop. Two three four{' five' * 30}", f"{'one ' * 4}stop."),
        ("猫" * 16 + "，" + "犬" * 60, "猫" * 16),
    ],
)
def test_without_the_end_of_a_sentence_a_clause_ends_an_excerpt(text: str, shown: str) -> None:
    assert cut(text, 10) == shown


def test_an_excerpt_has_no_lone_beginning_of_a_sentence() -> None:
    assert cut(f"{'one ' * 29}stop. Two, three {'four ' * 90}", 33) == f"{'one ' * 29}stop."


def test_thai_is_cut_between_characters_if_there_is_no_space() -> None:
    shown = cut("เรือออกจากท่าตอนเช้าลูกเรือนับปลาตลาดเปิดตอนเที่ยงทุกคนกลับบ้าน" * 3, 6)
    assert 20 <= len(shown) <= 40
    assert shown[-1] not in "เแโใไ"


def test_japanese_is_cut_before_no_small_letter_or_bracket() -> None:
    text = "ファッシュー「ナーッ」" * 30
    for words in range(4, 20):
        shown = cut(text, words)
        assert shown[-1] != "「"
        assert text[len(shown)] not in "ァッュー」"


def test_words_of_scripts_without_spaces_are_counted() -> None:
    assert count_words("<p>One <b>two</b> three</p>") == 3
    assert count_words("<p>เรือออกจากท่าตอนเช้า</p>") == 4
    assert count_words("<p>小船清晨离港</p>") == 3


_inline = st.recursive(
    st.text(alphabet="ab .&<é“👨‍👩\u00a0", max_size=30).map(lambda t: escape(t, quote=False)),
    lambda inner: st.tuples(st.sampled_from(["b", "i", "a", "span"]), st.lists(inner, max_size=3)).map(
        lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>"
    ),
    max_leaves=8,
)


@given(st.lists(_inline, max_size=6).map(lambda rows: "".join(f"<p>{row}</p>" for row in rows)), st.integers(1, 20))
def test_an_excerpt_is_a_beginning(html: str, count: int) -> None:
    shown, whole = excerpt(html, count)
    all_words, shown_words = words_of(html), words_of(shown)
    joined, beginning = "".join(all_words), "".join(shown_words)
    assert joined.startswith(beginning)
    assert whole == (shown == html)
    assert len(re.findall(r"\S+", " ".join(shown_words))) <= max(len(all_words), 1)
    assert "<p></p>" in shown or shown_words or not re.search(r"\w", "".join(all_words[:1]))


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f"<p>{'one ' * 8}end.</p><h2>What comes next</h2><p>{'two ' * 20}end.</p>", f"<p>{'one ' * 8}end.</p>"),
        (f"<p>{'one ' * 6}end.</p><p>Here is a list:</p><ul><li>{'a ' * 30}</li></ul>", f"<p>{'one ' * 6}end.</p>"),
        (f"<p>{'one ' * 8}end.</p><dl><dt>Term of it</dt><dd>{'two ' * 20}</dd></dl>", f"<p>{'one ' * 8}end.</p>"),
        (
            f"<p>{'one ' * 7}end.</p><p>See: <a href='/b'>another one.</a></p><p>{'two ' * 20}end.</p>",
            f"<p>{'one ' * 7}end.</p>",
        ),
        (f"<p>{'one ' * 7}end.</p><ul><li>no stop</li><li>{'two ' * 20}</li></ul>", f"<p>{'one ' * 7}end.</p>"),
    ],
)
def test_an_excerpt_ends_with_a_sentence_and_not_with_what_leads_on(html: str, wanted: str) -> None:
    assert excerpt(html, 10) == (wanted, False)


SENTENCE = "The boats leave the quay at five in the morning and come back at noon."
WORDS = len(SENTENCE.split())


@pytest.mark.parametrize("left", [1, 3, 11])
def test_a_text_with_little_behind_its_excerpt_is_shown_whole(left: int) -> None:
    html = f"<p>{' '.join([SENTENCE] * 6)}</p><p>{'more ' * left}</p>"
    assert excerpt(html, 6 * WORDS) == (html, True)


@pytest.mark.parametrize(
    "end", ["<h3>Boats</h3>", "<p>HOWEVER!</p>", "<p><b>What the boats do</b></p>", "<hr>", "<p>…</p>"]
)
def test_an_excerpt_ends_with_no_heading_and_no_rule(end: str) -> None:
    long = f"<p>{SENTENCE}</p>" * 6
    for words in range(6 * WORDS - 6, 6 * WORDS + 6):
        html, whole = excerpt(f"{long}{end}{long}", words)
        assert not whole
        assert html.endswith(f"{SENTENCE}</p>")


def test_a_cut_is_at_the_end_of_a_sentence_even_if_that_is_farther_away() -> None:
    html = f"<p>{SENTENCE} {'and so on, ' * 40}until the evening. {SENTENCE} {SENTENCE}</p>"
    text, whole = excerpt(html, 80)
    assert not whole
    assert text.endswith("until the evening.</p>")


def test_an_excerpt_has_six_items_of_a_long_list_of_links() -> None:
    items = "".join(f'<li><a href="https://blog.example/{n}">Boat {n}</a></li>' for n in range(9))
    html, whole = excerpt(f"<p>Today:</p><ul>{items}</ul>", 80)
    assert (html.count("<li>"), whole) == (6, False)
    short = f"<ul>{items[: items.index('Boat 8') - 40]}</ul>"
    assert excerpt(short, 80) == (short, True)


def test_a_sentence_ends_also_where_no_space_follows() -> None:
    glued = "<p>The boats leave at six in the morning.Nobody is late.Everybody sails at once"
    assert excerpt(f"{glued}, as always, to the north and to the west of the old town, {'far ' * 20}</p>", 11)[0] == (
        "<p>The boats leave at six in the morning.Nobody is late.</p>"
    )


@pytest.mark.parametrize("word", ["https://www.Example.Com/A.Boat", "Mr.Smith", "system.call(A.Bee)"])
def test_other_words_with_full_stops_are_one(word: str) -> None:
    assert not any(each.ends_sentence for each in words_in(text_runs(parse(f"<p>{word} sails</p>")))[:-1])


def test_no_excerpt_ends_within_code() -> None:
    code = "<br>".join(f"Measure{number}=Calc" for number in range(200))
    assert excerpt(f"<p>It always shows the group.</p><p><code>{code}</code></p><p>The end of it.</p>", 40) == (
        "<p>It always shows the group.</p>",
        False,
    )


@pytest.mark.parametrize("piece", ["x<br>", "One. Two.<br>", "<b>bold</b> ", "<a href='https://x.example'>x</a>: "])
@pytest.mark.parametrize("block", ["p", "li", "blockquote", "pre"])
def test_a_block_of_many_parts_takes_linear_time(block: str, piece: str) -> None:
    assert in_time(lambda: excerpt(f"<{block}>{piece * (200_000 // len(piece))}</{block}>", 80), 10)
