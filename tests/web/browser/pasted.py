"""What programs put on the clipboard, and the Markdown that it becomes.

LibreOffice's is that of version 25.2; Google Docs', Word's and Gmail's are written after their documented forms.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pasted:
    """A program's clipboard: its HTML (none for plain text), its plain text, and what is written of it."""

    program: str
    html: str
    text: str
    markdown: str


GOOGLE_DOCS = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-0a1b2c3d-7fff">
<h2 dir="ltr" style="line-height:1.38;margin-top:18pt;"><span style="font-size:16pt;font-family:Arial,sans-serif;
color:#000000;font-weight:700;white-space:pre-wrap;">Uken</span></h2>
<p dir="ltr" style="line-height:1.38;"><span style="font-size:11pt;font-weight:400;font-style:normal;">Vanlig, </span>
<span style="font-size:11pt;font-weight:700;font-style:normal;">fet</span><span style="font-weight:400;">, </span>
<span style="font-weight:400;font-style:italic;">kursiv</span><span style="font-weight:400;"> og </span>
<a href="https://www.google.com/url?q=https://example.org/a%3Fb%3D1&amp;sa=D&amp;ust=1" style="text-decoration:none;">
<span style="color:#1155cc;text-decoration:underline;">lenke</span></a><span style="font-weight:400;">.</span></p>
<ul style="margin-top:0;"><li dir="ltr" style="list-style-type:disc;" aria-level="1"><p dir="ltr" role="presentation">
<span style="font-weight:400;">En</span></p></li><ul><li dir="ltr" aria-level="2"><p dir="ltr" role="presentation">
<span style="font-weight:400;">Under en</span></p></li></ul></ul><br />
<div dir="ltr" align="left"><table style="border:none;border-collapse:collapse;"><colgroup><col width="300" />
<col width="300" /></colgroup><tbody><tr style="height:0pt"><td style="border-left:solid #000 1pt;"><p dir="ltr">
<span style="font-weight:400;">By</span></p></td><td><p dir="ltr"><span>Tid</span></p></td></tr><tr><td><p dir="ltr">
<span>Oslo</span></p></td><td><p dir="ltr"><span>18</span></p></td></tr></tbody></table></div></b>"""

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40"><head>
<meta name=Generator content="Microsoft Word 15"><style><!-- p.MsoNormal {margin:0cm;} @list l0 {mso-list-id:1;} -->
</style><!--[if gte mso 9]><xml><o:OfficeDocumentSettings></o:OfficeDocumentSettings></xml><![endif]--></head>
<body lang=NO-BOK style='tab-interval:35.4pt'><!--StartFragment-->
<h2><span style='mso-fareast-font-family:"Times New Roman"'>Uken<o:p></o:p></span></h2>
<p class=MsoNormal>Vanlig, <b style='mso-bidi-font-weight:normal'>fet</b>, <i>kursiv</i> og <a
href="https://example.org/a">lenke</a>.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol;mso-bidi-font-family:Symbol'><span style='mso-list:Ignore'>·<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span></span><![endif]>En<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='margin-left:72.0pt;mso-list:l0 level2 lfo1'><![if !supportLists]><span
style='mso-list:Ignore'>o<span style='font:7.0pt "Times New Roman"'>&nbsp; </span></span><![endif]>Under
en<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>To<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>1.<span>
&nbsp; </span></span><![endif]>Først</p>
<table class=MsoTableGrid border=1 style='border-collapse:collapse'><tr style='mso-yfti-irow:0'><td width=300
valign=top>
<p class=MsoNormal>By<o:p></o:p></p></td><td><p class=MsoNormal>Tid</p></td></tr><tr><td><p
class=MsoNormal>Oslo</p></td>
<td><p class=MsoNormal>18</p></td></tr></table><!--EndFragment--></body></html>"""

LIBREOFFICE = """<!DOCTYPE html>
<html>
<head>
	<meta http-equiv="content-type" content="text/html; charset=utf-8"/>
	<title></title>
	<meta name="generator" content="LibreOffice 25.2.3.2 (Linux)"/>
	<style type="text/css">
		th p { orphans: 0; text-align: center; font-weight: bold; background: transparent }
		h1.western { font-weight: bold; font-size: 18pt; font-family: "DejaVu Sans", sans-serif }
	</style>
</head>
<body lang="nb-NO" link="#000080" vlink="#800000" dir="ltr"><p align="center" style="line-height: 100%">
<font face="DejaVu Sans, sans-serif"><font size="6" style="font-size: 28pt"><b>Brevet</b></font></font></p>
<h1 class="western">Uken</h1>
<h2 class="western">Mandag</h2>
<p>Vanlig, <b>fet</b>, <i>kursiv</i>, <i><b>begge</b></i>, <strike>strøket</strike>,
<u>understreket</u> og <a href="https://example.org/a?b=1&amp;c=2">lenke</a>.</p>
<p style="line-height: 100%; margin-bottom: 0in">Første linje<br/>
andre
linje</p>
<p style="line-height: 100%; margin-bottom: 0in"><br/>

</p>
<ul>
	<li><p style="line-height: 100%; margin-bottom: 0in">En</p>
	<ul>
		<li><p style="line-height: 100%; margin-bottom: 0in">Under en</p></li>
	</ul>
	<li><p style="line-height: 100%; margin-bottom: 0in">To</p></li>
</ul>
<blockquote>Et sitat.</blockquote>
<pre>a = 1
b = 2</pre><p style="line-height: 100%; margin-bottom: 0in">
H<sub>2</sub>O</p>
<table width="100%" cellpadding="4" cellspacing="0">
	<col width="128*"/>
	<col width="128*"/>
	<tr valign="top">
		<th width="50%" style="border: 1px solid #000000; padding: 0.04in" sdnum="1033;0;@"><p>
			By</p>
		</th>
		<th width="50%" style="border: 1px solid #000000; padding: 0.04in" sdnum="1033;0;@"><p>
			Tid</p>
		</th>
	</tr>
	<tr valign="top">
		<td width="50%" style="border-top: none" sdnum="1033;0;@"><p>
			Oslo</p>
		</td>
		<td width="50%" style="border-top: none" sdnum="1033;0;@"><p>
			18</p>
		</td>
	</tr>
</table>
<p style="line-height: 100%; margin-bottom: 0in"><img src="file:///tmp/lu1.tmp/lu1_tmp_d1.png" name="Image1"
alt="Et hus" align="bottom" width="113" height="76" border="0"/>
</p>
<hr/>

<p style="line-height: 100%; margin-bottom: 0in">Slutt</p>
</body>
</html>"""

WEB_PAGE = """<meta charset='utf-8'><article style="font-family: serif; color: rgb(0, 0,
0);"><nav>Meny</nav><h1>Uken</h1>
<p style="font-size: 18px;">Vanlig, <strong>fet</strong>, <em>kursiv</em> og <a href="https://example.org/a"
onclick="steal()">lenke</a>.<script>alert(1)</script></p><figure><a href="https://example.org/stor"><picture>
<source srcset="a.webp"><img src="https://example.org/hus.jpg" alt="Et hus"></picture></a><figcaption>Foto: Kari
</figcaption></figure><img src="https://example.org/1.gif" width="1" height="1"><blockquote><p>Sitat</p></blockquote>
<pre><code>a = 1
b = 2</code></pre><hr><button>Kjøp</button><iframe src="https://evil.example"></iframe>
<p><a href="javascript:alert(1)">farlig</a> <span style="display:none">skjult</span><u>strek</u> H<sub>2</sub>O</p>
</article>"""

PLAYERS = """<p>Før<sup>1</sup>, m<sup>2</sup>, 19<sup>th</sup>, se<sup><a href="#fn2">12</a></sup>, <span
style="font-size:0.6em;vertical-align:super">3</span>.</p><figure><div><iframe
src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0"></iframe></div><figcaption>Filmen</figcaption></figure>
<p>Hør <iframe src="//player.vimeo.com/video/76979871?h=8272103f6e"></iframe> her</p><audio controls><source
src="https://example.org/a.mp3"></audio><iframe src="https://open.spotify.com/embed/episode/7makk4oTQel546B0PZlDM5">
</iframe><iframe src="https://ads.example/x"></iframe>"""

GMAIL = """<div dir="ltr"><div>Hei,</div><div><br></div><div>Vanlig, <b>fet</b>, <i>kursiv</i> og <a
href="https://example.org/a" target="_blank"
data-saferedirecturl="https://www.google.com/url?q=x">lenke</a>.</div><div>
<br></div><div><ul><li>En</li><li>To</li></ul></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;
border-left:1px solid rgb(204,204,204)">Sitat<br>over to linjer</blockquote><div><font color="#500050"><b
style="font-weight:bold"><span style="font-family:arial">Kari</span></b><br></font></div></div>"""

OUTLINE = "- En\n  - Under en"
TABLE = "| By | Tid |\n| --- | --- |\n| Oslo | 18 |"
CORPUS = (
    Pasted(
        "Google Docs",
        GOOGLE_DOCS,
        "",
        f"## Uken\n\nVanlig, **fet**, *kursiv* og [lenke](https://example.org/a?b=1).\n\n{OUTLINE}\n\n{TABLE}",
    ),
    Pasted(
        "Word",
        WORD,
        "",
        "## Uken\n\nVanlig, **fet**, *kursiv* og [lenke](https://example.org/a).\n\n"
        f"{OUTLINE}\n- To\n\n1. Først\n\n{TABLE}",
    ),
    Pasted(
        "LibreOffice",
        LIBREOFFICE,
        "",
        "## Brevet\n\n## Uken\n\n### Mandag\n\nVanlig, **fet**, *kursiv*, **_begge_**, ~~strøket~~, understreket og "
        "[lenke](https://example.org/a?b=1&c=2).\n\nFørste linje\\\nandre linje\n\n"
        f"{OUTLINE}\n- To\n\n> Et sitat.\n\n```\na = 1\nb = 2\n```\n\nH₂O\n\n{TABLE}\n\n---\n\nSlutt",
    ),
    Pasted(
        "LibreOffice as plain text",
        "",
        "Uken\nFørste linje\n\n    • En\n        ◦ Under en\n            ▪ Lenger ned\n    • To\nMellom\n"
        "    1. Først\n        1. Under først\n    2. Så\n– Slutt, sa hun.",
        "Uken\\\nFørste linje\n\n- En\n  - Under en\n    - Lenger ned\n- To\n\nMellom\n\n"
        "1. Først\n   1. Under først\n2. Så\n\n– Slutt, sa hun.",
    ),
    Pasted(
        "a web page",
        WEB_PAGE,
        "",
        "## Uken\n\nVanlig, **fet**, *kursiv* og [lenke](https://example.org/a).\n\n"
        '[![Et hus](https://example.org/hus.jpg "Foto: Kari")](https://example.org/stor)\n\n> Sitat\n\n'
        "```\na = 1\nb = 2\n```\n\n---\n\nfarlig strek H₂O",
    ),
    Pasted(
        "a web page with players and raised numbers",
        PLAYERS,
        "",
        "Før¹, m², 19th, se¹², ³.\n\nhttps://www.youtube.com/watch?v=dQw4w9WgXcQ\n\nFilmen\n\nHør\n\n"
        "https://vimeo.com/76979871\n\nher\n\nhttps://example.org/a.mp3\n\n"
        "[https://open.spotify.com/episode/7makk4oTQel546B0PZlDM5]"
        "(https://open.spotify.com/episode/7makk4oTQel546B0PZlDM5)",
    ),
    Pasted(
        "Gmail",
        GMAIL,
        "",
        "Hei,\n\nVanlig, **fet**, *kursiv* og [lenke](https://example.org/a).\n\n- En\n- To\n\n"
        "> Sitat\\\n> over to linjer\n\n**Kari**",
    ),
    Pasted(
        "plain text",
        "",
        "## Uken\r\n\r\nFørste linje\r\nAndre linje med * og _\r\n\r\n- En\r\n- To\r\n\r\n"
        "1) A\r\n2) B\r\n\r\n> Sitat\r\n",
        "## Uken\n\nFørste linje\\\nAndre linje med \\* og \\_\n\n- En\n- To\n\n1. A\n2. B\n\n> Sitat",
    ),
)
