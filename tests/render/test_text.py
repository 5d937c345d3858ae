"""HTML as plain text."""

import pytest

from newsletter.render.content.text import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One\n two</p><p>Three<br>four</p>", "One two\n\nThree\nfour"),
        ("<h4>Head</h4>Loose <b>words</b>", "Head\n\nLoose words"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol><li>a</li><li><p>b</p><p>c</p></li></ol>", "1. a\n2. b\n   c"),
        ('<ol start="3"><li>a</li><li value="7">b</li><li>c</li></ol>', "3. a\n7. b\n8. c"),
        ('<ol reversed=""><li>a</li><li>b</li></ol><ol start="x"><li>c</li></ol>', "2. a\n1. b\n\n1. c"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ('<p><a href="https://x.example/">x</a>, <a href="https://y.example/">https://y.example/</a></p>',
         "x <https://x.example/>, https://y.example/"),
        ('<figure><img src="a" alt="A cat"><figcaption>Asleep</figcaption></figure><img src="b" alt="">',
         "[A cat]\n\nAsleep"),
        ('<p>Hi <img src="a" alt="🙂"> and <img src="b" alt="‹›">, <img src="c" alt="1!"></p>', "Hi 🙂 and ‹›, [1!]"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<pre>a<br>  b</pre>", "a\n  b"),
        ("<table><tr><th>Y</th><td>1</td></tr><tr><td></td><td>2</td></tr></table>", "Y | 1\n2"),
        ("<table><caption>Years</caption><tr><th>Y</th><td>1</td></tr></table>", "Years\n\nY | 1"),
        ("<table><tr><td>A</td><td><table><tr><td>1</td><td>2</td></tr></table></td></tr></table>", "A | 1 | 2"),
        ("<p>no\u00a0break &lt;tag&gt; &amp;amp;</p>", "no\u00a0break <tag> &amp;"),
        ("<dl><dt>Washed</dt><dd>Clean.</dd><dt>Natural</dt><dd><p>Fruit.</p><p>Body.</p></dd><dd>Dry.</dd></dl>",
         "Washed\n  Clean.\n\nNatural\n  Fruit.\n  Body.\n  Dry."),
        ("<dl>loose<dd>first</dd><dt>last</dt></dl>", "loose\n  first\n\nlast"),
        ("<style>p{}</style><p></p>", ""),
    ],
)  # fmt: skip
def test_plain(html: str, text: str) -> None:
    assert plain(html) == text
