"""A newsletter's public archive as files that any web server can serve, at the same paths as here.

Promises: every page and feed of the archive is there, with every image of this site that they show; nothing in the
files needs this program; what needs it (forms, the search, links to subscribe) is left out.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from lxml import html as lxml_html

from newsletter.collecting.collect import Step, no_step
from newsletter.config import Config, Newsletter
from newsletter.images import names, store
from newsletter.web.archive import queries
from newsletter.web.archive.views import A_PAGE
from subscribers.requests import attach_config

FEEDS = ("feed.atom", "feed.json")
_PAGE_LINK = re.compile(r"\?page=(\d+)\Z")
_SHIPPED = re.compile(r'src="/static/([\w./-]+)"')

SiteFile = tuple[str, bytes]
"""A file of the site: its path below the site's root, and its content."""


def files_of(configuration: Config, newsletter: Newsletter, step: Step = no_step) -> Iterator[SiteFile]:
    """Yield the files of a newsletter's archive, each once."""
    root = f"/n/{newsletter.name}/"
    count = queries.number_of_editions(newsletter.name)
    lists = max(1, -(-count // A_PAGE))
    editions = [edition.path for edition in queries.listed(newsletter.name, count=count)]
    pages = [(root, root)] + [(f"{root}?page={n}", f"{root}page/{n}/") for n in range(2, lists + 1)]
    pages += [(path, path) for path in editions]
    images: set[str] = set()
    shipped: set[str] = set()
    for done, (address, path) in enumerate(pages):
        step(done, len(pages))
        content = _page(_response(configuration, address), configuration, root)
        images.update(names.used_in(content))
        shipped.update(_SHIPPED.findall(content))
        yield f"{path.lstrip('/')}index.html", content.encode()
    step(len(pages), len(pages))
    for feed in FEEDS:
        yield f"{root.lstrip('/')}{feed}", _response(configuration, f"{root}{feed}").content
    for name in sorted(images):
        if (image := store.path(configuration, name)) is not None:
            yield f"images/{name}", image.read_bytes()
    for name in sorted(shipped):
        if static_file := finders.find(name):
            yield f"static/{name}", Path(static_file).read_bytes()


def write_folder(folder: Path, files: Iterator[SiteFile]) -> int:
    """Write the files below a folder, and return how many. Files that are there already are replaced."""
    count = 0
    for path, content in files:
        count += 1
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return count


def write_zip(target: Path | BytesIO, files: Iterator[SiteFile]) -> int:
    """Write the files into a ZIP archive, and return how many."""
    count = 0
    with ZipFile(target, "w") as archive:
        for path, content in files:
            count += 1
            kind = ZIP_STORED if path.startswith("images/") else ZIP_DEFLATED
            archive.writestr(path, content, compress_type=kind)
    return count


def _response(configuration: Config, address: str) -> HttpResponse:
    """Return what a public page answers to anyone."""
    path, _, query = address.partition("?")
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META = {"QUERY_STRING": query, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    attach_config(request, configuration)
    match = resolve(path)
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response


def _page(response: HttpResponse, configuration: Config, root: str) -> str:
    """Return a page whose links to this site lead to the files, without what needs the program."""
    document = lxml_html.document_fromstring(response.content.decode())
    site = configuration.site.url
    for element in document.xpath("//form | //*[@id='subscribe'] | //a[@href='#subscribe']"):
        element.drop_tree()
    for element in document.xpath("//a[@href] | //img[@src] | //link[@href][not(@rel='canonical')]"):
        name = "src" if element.tag == "img" else "href"
        address = element.get(name).removeprefix(site)
        address = address if address.startswith("/") else element.get(name)
        if page := _PAGE_LINK.match(address):
            address = root if page[1] == "1" else f"{root}page/{page[1]}/"
        element.set(name, address)
        if element.tag != "img" and not _is_in_the_files(address, root):
            element.drop_tree()
    return str(lxml_html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))


def _is_in_the_files(address: str, root: str) -> bool:
    """Return whether an address is one of the files, or elsewhere."""
    if not address.startswith("/"):
        return True
    rest = address.removeprefix(root)
    return address.startswith(names.PATH) or (address.startswith(root) and (rest in ("", *FEEDS) or rest.endswith("/")))
