"""Tokens that mean something in a format, or that have broken parsers of it."""

MARKUP = (
    b"<", b">", b"</", b"/>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&", b"&amp;", b"&#0;", b"&#xD800;",
    b"&#99999999;", b"<item>", b"</item>", b"<entry>", b"</entry>", b"<title>", b"</title>", b"<description>",
    b"<link href='", b"<content type='xhtml'><div>", b"<a href='", b"<b>", b"<div>" * 50, b"<a>" * 300, b"\0",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"<?xml version='1.0' encoding='utf-7'?>", b"encoding='idna'",
    b"encoding='base64'", b"'", b'"', b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"xml:base='http://[::1'", b"http://[",
    b"9" * 400, b"{", b"}", b"[", b"]" * 200, b"2026-02-30T25:61:00+99:99", b"[[[" * 100, b"\\u0000", b"\\ud800",
    b"null", b"1e999", b'"items":', b"xmlns:a='b'", b"<svg><style><a id='</style><img src=x>'>", b"<math><mi>",
    b"<table><tr><td>" * 20, b"<select><option>", b"<pre>\n\n", b"<br>" * 100, b"<p>" * 200,
    b"<img src='data:,x' width='1e9'>", b"<iframe src='//x'>", b"\xe2\x80\xae", b" " * 500, b"\xf0\x9f\x98\x80", b"\t",
    b"\r", b"<script>", b"<![if", b"<!DOCTYPE html>", b"javascript:", b"<template>", b"<noscript>",
    b"<meta name='theme-color' content='#", b"<link rel=alternate type='application/rss+xml' href='",
    b"<base href='//[", b"<script type='application/ld+json'>{", b"srcset='a 9999999999999999999w, b -1x'",
    b"PT9999999999H",
)  # fmt: skip

FRONT_MATTER = (
    b"---\n", b"+++\n", b": ", b"- ", b"&a ", b"*a", b"!!python/object:os.system ", b"!!binary ", b"!!set {", b"[",
    b"]", b"{", b"}", b"|\n", b">\n", b"? ", b"'", b'"', b"\\x", b"date: ", b"0001-01-01",
    b"9999-12-31T23:59:59-23:59", b"2026-02-04T10:00:00+99:99", b"2026-13-45", b"title: ", b"tags: ", b"[a, [b, [c]]]",
    b"1e999", b".inf", b"\t", b"\0", b"0x"+b"f" * 300, b"1:" * 40, b"\xff", b"draft: ", b"true", b"null", b"{% raw %}",
    b"{{< x", b"{% highlight x %}", b"[^a]: ", b"[^a]", b"> " * 200, b"* " * 200, b"[" * 300, b"![](" * 100,
    b"`" * 200, b"~~~", b"<div>" * 100, b"| a | b |\n|---|---|\n", b"<!--more-->", b"# ", b"slug: ", b"permalink: ",
    b"url: ", b"image: ", b"<<: ", b"%YAML 9.9\n", b"---", b"...", b"\n" * 100, b"_" * 300, b"*a **b " * 60,
    b"&#x110000;", b"[a]: <", b"aliases:\n",
)  # fmt: skip

REPLIES = (
    b"250", b"250-", b"354 ", b"421 4.7.0 ", b"550 5.1.1 <", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"@example.org>",
    b"5.1.1 ", b"999 ", b"25", b"250\r\n", b"2.0.0", b" " * 2_000, b"x" * 70_000, b"a@b " * 500, b"\x80",
    b"\xe2\x80\xae", b"-", b"000", b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"220-", b"235 ",
    b"334 VXNlcm5hbWU6\r\n", b"STARTTLS", b"SIZE ", b"9" * 400,
)  # fmt: skip

TOKENS = (
    b"A", b"-", b"_", b"=", b"+", b"/", b"\0", b"\xff", b"\xc3\xa9", b"a" * 28, b"a" * 36, b"%", b".", b"@",
    b"bounce+", b"\xef\xbc\xa1", b"\xd9\xa3", b" ", b"\n", b"0", b"z" * 400,
)  # fmt: skip

SOLUTIONS = (
    b"{", b"}", b"[", b"]" * 300, b'"', b"null", b"true", b"-1", b"1e999", b"9" * 400, b'"challenge":', b'"solution":',
    b'"parameters":', b'"expiresAt":', b'"expiresAt":null', b'"data":{"__proto__":1}', b'"data":' + b"[" * 3000,
    b'"derivedKey":', b'"counter":', b'"signature":', b'"keySignature":null', b"\\ud800", b"\xff", b"=", b"+/",
)  # fmt: skip

CSV = (
    b",", b";", b"\t", b"|", b'"', b'""', b"\r\n", b"\n", b"\r", b"\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf",
    b"\xff\xfe\0\0", b"\xe9", b"\xc3\xa9", b"@", b"a@b.example", b"email", b"Name", b"Status", b"subscribed",
    b"cleaned", b"2026-02-06", b"06.02.2026 kl. 18:00", b"02/06/2026 6:00 PM", b"9999-12-31", b"0001-01-01",
    b"31. feb. 2026", b"=1+1", b"9" * 400, b"x" * 30_000, b'"' * 101, b"," * 500, b"\n" * 200, b"a@xn--.example",
    b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"Abmeldedatum", b"pr\xc3\xa9nom", b"true", b"{\"a\": [1]}", b"\x1a",
    b"\x85", b"\xe2\x80\xa8",
)  # fmt: skip

TOML = (
    b"[", b"]", b"[[", b"]]", b"=", b"\"", b"'", b'"""', b"'''", b"#", b"\n", b"\0", b"\xff", b"\\u0000",
    b"\\U00110000", b"1e999", b"-nan", b"inf", b"9" * 400, b"2026-02-30", b"0001-01-01T00:00:00+99:99",
    b"{ env = \"X\" }", b"{ file = \"x\" }", b"{ credential = \"x\" }", b"[newsletters.a]\n",
    b"[[newsletters.kinaforum.sources]]\n", b"url = ", b"from = \"\\r\\nX: y\"", b"true", b"[" * 300, b"a." * 300,
    b"rate = \"9/0s\"\n", b"period = \"week\"\n", b"timezone = ", b"send = \"fri 25:61\"\n",
    b"database = \"postgresql://%\"\n", b"smtp = { host = \"\", port = -1 }\n", b"\r", b"theme = {}",
    b"language = \"zz-\"\n", b"accent = \"#\"\n", b"\xe2\x80\xae",
)  # fmt: skip

IMAGES = (
    b"\0", b"\xff", b"\xff\xd8\xff", b"\xff\xda", b"\xff\xe1", b"Exif\0\0", b"MM\0*", b"II*\0", b"\x89PNG\r\n\x1a\n",
    b"IHDR", b"IDAT", b"IEND", b"acTL", b"iCCP", b"zTXt", b"GIF89a", b"\x21\xf9\x04", b"\x21\xff\x0bNETSCAPE2.0",
    b"\x2c", b"\x3b", b"RIFF", b"WEBPVP8X", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\xff\xff", b"\0" * 500,
    b"<svg onload=x>", b"<script>", b"ftypheic", b"ftypavif",
)  # fmt: skip
DMARC = (
    *(b"<record>", b"</record>", b"<row>", b"<source_ip>", b"</source_ip>", b"<count>", b"</count>", b"<feedback>"),
    *(b"<dkim>pass</dkim>", b"<spf>fail</spf>", b"<policy_evaluated>", b"<policy_published>", b"<report_metadata>"),
    *(b"<begin>", b"</begin>", b"99999999999999", b"-1", b"<!DOCTYPE feedback [", b'<!ENTITY a "b">', b"&a;", b"]]>"),
    *(b"::ffff:10.0.0.1", b"fe80::1%eth0", b"\x1f\x8b\x08", b"PK\x03\x04", b"Content-Transfer-Encoding: base64"),
)

WEBHOOKS = (
    b"null", b"[]", b"{}", b'""', b"-1", b"1e400", b"NaN", b"true", b'"\\u0000"', b'"\\ud800"', b"9" * 40, b'"event"',
    b'"bounce"', b'"Permanent"', b'"timestamp"', b'"message-id"', b'"550 5.1.1 <a@b.example>: no"', b'"msys"',
    b'"Type"', b'"events"', b'"payload"', b'"data"', b"[[", b"}}", b",", b":",
)  # fmt: skip

REQUESTS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"\xff", b"\x80", b"\r\n\r\n", b"\r\n folded\r\n",
    b"Content-Length: 3\r\n", b"Content-Length: +3\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Content_Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n", b"Connection: close\r\n", b"Connection: keep-alive, upgrade\r\n",
    b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b"Host: b.example\r\n", b"Host:\r\n", b"X: " + b"x" * 70_000,
    b"X_Forwarded_For: 192.0.2.9\r\n", b"X-Forwarded-For: unknown, ::ffff:127.0.0.1\r\n", b"X-Forwarded-Proto: x\r\n",
    b"0\r\n\r\n", b"3\r\nabc\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"0x3\r\n", b"3;" + b"e" * 9_000 + b"\r\n",
    b"GET ", b"POST ", b"CONNECT a:1 ", b"OPTIONS * ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n", b" HTTP/9.9\r\n", b"http://c.example/x", b"/%00%ff%", b"/../..//", b"?" + b"a=b&" * 5_000, b"#x",
    b"\x16\x03\x01\x02",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 20,
)  # fmt: skip
FAST_PATH = (
    *REQUESTS,
    b"Content-Type: application/x-www-form-urlencoded; charset=utf-16\r\n", b"; charset=utf-7", b"; charset=\xff",
    b"Content-Type: multipart/form-data\r\n", b"multipart/form-data; boundary=x", b"application/json",
    b"Content-Type: application/json; charset=utf-8\r\n", b"Accept-Language: de\r\n", b"Accept-Language: \xff,\r\n",
    b"Accept-Language: " + b"nb," * 400 + b"\r\n", b"If-None-Match: W/\"a\"\r\n", b"Range: bytes=0-1\r\n",
    b"Origin: null\r\n", b"Authorization: Basic !!!\r\n", b"Cookie: django_language=de\r\n", b"/n/daily/subscribe",
    b"/n/kinaforum/subscribe", b"/u/", b"/hooks/mailgun/", b"/hooks/sendgrid/", b"/l/a", b"&", b"=", b"%", b"%u0000",
    b"%ff%fe", b"&a" * 1_100, b"&address=", b"&topic=" * 300, b"&altcha=e30=", b"List-Unsubscribe=One-Click", b"+",
    b"\xd8\x00",
)  # fmt: skip
