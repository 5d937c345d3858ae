"""Formulas in MathML, which email clients don't show."""

import pytest

from newsletter.feeds.html.clean import clean

SQUARE = "<msup><mi>x</mi><mn>2</mn></msup>"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            (
                "<semantics><mrow><mi>E</mi></mrow><annotation encoding='application/x-tex'>E=mc^2 &lt; 3</annotation>"
                "</semantics>"
            ),
            "<code>E=mc^2 &lt; 3</code>",
        ),
        (
            (
                "<semantics><mi>x</mi><annotation encoding='application/x-tex'>{\\displaystyle x^{2}}</annotation>"
                "</semantics>"
            ),
            "<code>x^{2}</code>",
        ),
        (f"{SQUARE}<mo>+</mo><mn>1</mn>", "x^2 + 1"),
        (f"<msqrt>{SQUARE}<mo>+</mo><mn>1</mn></msqrt>", "√(x^2 + 1)"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a + b)/c"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msub><mi>a</mi><mi>i</mi></msub><mi>x</mi>", "a_i x"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "x^(1/3)"),
        ("<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable>", "1 2; 3 4"),
        ("<semantics><mi>x</mi><annotation encoding='StarMath 5.0'>x over y</annotation></semantics>", "x"),
    ],
)
def test_a_formula_becomes_tex_or_a_readable_line(formula: str, expected: str) -> None:
    cleaned = clean(f"<p>It is <math>{formula}</math>, as always.</p>")
    assert cleaned.html == f"<p>It is {expected}, as always.</p>"
    assert cleaned.dropped == (("formula", 1),)


def test_the_alternative_text_of_a_formula_is_its_tex() -> None:
    assert clean('<p><math alttext="x^2"><mi>x</mi></math></p>').html == "<p><code>x^2</code></p>"


def test_a_formula_on_a_line_of_its_own_stays_there() -> None:
    cleaned = clean('<p>one</p>two <math display="block"><mi>x</mi></math> three')
    assert cleaned.html == "<p>one</p><p>two </p><p>x</p><p>three</p>"


def test_a_formula_is_not_repeated_as_letters_or_image() -> None:
    katex = '<span class="katex"><math><mi>x</mi></math><span class="katex-html" aria-hidden="true">xx</span></span>'
    wiki = '<math alttext="y"></math><img class="mwe-math-fallback-image-inline" src="https://x.example/y.svg">'
    assert clean(f"<p>{katex} {wiki}</p>").html == "<p>x <code>y</code></p>"


def test_an_empty_formula_leaves_nothing() -> None:
    assert clean("<p>one <math></math></p>").html.strip() == "<p>one </p>"


def test_markup_in_a_formula_is_text() -> None:
    cleaned = clean("<math><mtext><img src=x onerror=alert(1)><style>p{}</style>a</mtext></math>")
    assert cleaned.html == "<p>a</p>"


def test_a_deep_formula_is_read_in_one_pass() -> None:
    assert clean("<math>" + "<mrow>" * 500 + "<mi>x</mi>").html == "<p>x</p>"
