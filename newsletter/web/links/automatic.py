"""Requests for links that no reader made: programs that say what they are, and browsers that fetch in advance."""

import re

from django.http import HttpRequest

_PROGRAM = re.compile(
    r"bot\b|bot[/;._-]|crawl|spider|slurp|scan|preview|prefetch|monitor|headless|phantomjs|lighthouse|facebookexternalhit"
    r"|embedly|whatsapp|telegram|skypeuripreview|slack|discord|mimecast|proofpoint|barracuda|ironport|symantec|trendmicro"
    r"|safelinks|fortiguard|sophos|forcepoint|curl/|wget/|libwww|python|aiohttp|httpx|okhttp|java/|jakarta|apache-http"
    r"|go-http-client|node-fetch|axios|undici|ruby|perl|php/|guzzle|dart:io|feedfetcher|googleimageproxy"
)
"""In lower case: it is searched in a tenth of the time that `re.IGNORECASE` takes."""


def is_automatic(request: HttpRequest) -> bool:
    """Return whether a request is surely not a reader's: HEAD, a prefetch, or a program by its User-Agent."""
    agent = request.headers.get("User-Agent", "")
    purposes = [request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")]
    advance = any("prefetch" in each or "prerender" in each or "preview" in each for each in purposes)
    return (
        request.method != "GET" or advance or not agent.startswith("Mozilla/") or bool(_PROGRAM.search(agent.lower()))
    )
