"""What editors write."""

from newsletter.render.markdown import markdown


def test_headings_begin_at_the_second_level() -> None:
    assert markdown("# A\n\n**b**") == "<h2>A</h2>\n<p><strong>b</strong></p>"


def test_raw_html_is_shown_as_written() -> None:
    assert markdown("<script>x</script>") == "<p>&lt;script&gt;x&lt;/script&gt;</p>"


def test_a_link_that_mails_cannot_hold_is_none() -> None:
    assert "href" not in markdown("[x](javascript:alert(1))")
