"""`preview`, `designs`, `lint`: show and check the email of an edition."""

import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.common import EditionName, emit, fail, new_table, newsletter_named, ready, ready_with_edition
from newsletter.domain.english import counted

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from newsletter.config import Config
    from newsletter.editions.rendering import Proof
    from newsletter.models import Edition


app = typer.Typer()


@app.command(epilog="Example: newsletter preview kinaforum/2026-W06 --out out --open")
def preview(
    edition: EditionName,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("out"),
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write edition.html, edition.txt and edition.eml. Sizes, problems found and variants are shown."""
    configuration, row = ready_with_edition(edition)
    from newsletter.editions import serialize
    from newsletter.editions.previews import write

    preview = write(row, configuration, out)
    findings, variants = serialize.findings(preview.proof.findings), variants_of(configuration, row, preview.proof)
    document = {
        "edition": row.name,
        "revision": row.revision,
        "files": {kind: str(path) for kind, path in preview.files.items()},
        "bytes": preview.sizes,
        "shortened": [post.id for post in preview.proof.rendered.shortened],
        "unlisted": list(preview.proof.rendered.unlisted),
        "lint": findings,
        "variants": variants,
    }
    lines = [
        f"{path}  {preview.sizes.get(kind, preview.sizes['mail']):,} bytes" for kind, path in preview.files.items()
    ]
    text = "\n".join(lines + _shortened(preview.proof) + _findings(row, findings))
    emit(document, _with_tables(text, variants_table(variants)))
    if open_:
        webbrowser.open(preview.files["html"].resolve().as_uri())


def _with_tables(text: str, tables: "Iterable[Table]") -> "str | Group":
    """Return a text with the tables that follow; rich is loaded only if there are any."""
    if not (following := list(tables)):
        return text
    from rich.console import Group

    return Group(text, *following)


@app.command(epilog="Example: newsletter designs kinaforum --open")
def designs(
    newsletter: Annotated[str, typer.Argument(metavar="NEWSLETTER", help="The newsletter's name in config.toml.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("designs"),
    open_: Annotated[bool, typer.Option("--open", help="Open them in the browser.")] = False,
) -> None:
    """Write every design with the newsletter's own posts. One page shows them all."""
    configuration = ready()
    from newsletter.editions.previews import sample_digest, samples

    settings = newsletter_named(configuration, newsletter)
    digest = sample_digest(configuration, settings)
    if digest is None:
        fail(f"{newsletter} has no posts yet; collect some with 'newsletter collect'")
    emails = samples(configuration, digest)
    out.mkdir(parents=True, exist_ok=True)
    files = {}
    for sample in emails:
        files[sample.design] = out / f"{sample.design}.html"
        files[sample.design].write_text(sample.html, encoding="utf-8")
        files[sample.design].with_suffix(".txt").write_text(sample.text, encoding="utf-8")
    page = out / "index.html"
    page.write_text(_gallery_page(settings.title, list(files)), encoding="utf-8")
    sizes = {sample.design: len(sample.html.encode()) for sample in emails}
    document = {
        "newsletter": newsletter,
        "files": {design: str(path) for design, path in files.items()},
        "page": str(page),
        "bytes": sizes,
    }
    lines = [f"{path}  {sizes[design]:,} bytes" for design, path in files.items()]
    emit(document, "\n".join([*lines, f"All of them: {page}"]))
    if open_:
        webbrowser.open(page.resolve().as_uri())


def _gallery_page(title: str, names: Sequence[str]) -> str:
    """Return a page that shows each design as on a phone and on a computer."""
    from html import escape  # its table of entities takes 4 ms, which every command would pay

    frames = "".join(
        f"<h2>{name}</h2><div><iframe title='{name}, phone' width='375' height='720' src='{name}.html'></iframe> "
        f"<iframe title='{name}, computer' width='700' height='720' src='{name}.html'></iframe></div>"
        for name in names
    )
    style = "body { font-family: sans-serif; margin: 24px; } iframe { border: 1px solid #999; max-width: 100%; }"
    head = f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
    return f"{head}<style>{style}</style></head><body><h1>{escape(title)}</h1>{frames}</body></html>\n"


@app.command(epilog="Example: newsletter lint kinaforum/2026-W06")
def lint(edition: EditionName) -> None:
    """Check an edition for problems. The exit status is 1 if there is an error."""
    configuration, row = ready_with_edition(edition)
    from newsletter.editions import serialize
    from newsletter.editions.rendering import make_proof

    proof = make_proof(row, configuration)
    findings = serialize.findings(proof.findings)
    emit({"edition": row.name, "revision": row.revision, "lint": findings}, "\n".join(_findings(row, findings)))
    if proof.errors:
        fail(f"{row.name} has {counted(len(proof.errors), 'error')}; fix or override before approving")


def variants_of(configuration: "Config", row: "Edition", proof: "Proof | None" = None) -> list[dict[str, Any]]:
    """Return the variants of an edition as JSON; none if all subscribers get the same.

    A draft is rendered unless its proof is given.
    """
    from newsletter.editions.variants.listing import documents
    from newsletter.sending.audience import receiving

    now = datetime.now(UTC)
    return documents(configuration, row, receiving(configuration.edited(row), row, now), proof)


def variants_table(variants: Sequence[dict[str, Any]]) -> "Iterator[Table]":
    """Yield a table of the variants, if there are several."""
    if len(variants) > 1:
        yield new_table(
            ("variant", "readers", "posts", "topics", "subject"),
            (
                (
                    variant["variant"],
                    variant["readers"],
                    len(variant["posts"]),
                    "; ".join(", ".join(names) or "all" for names in variant["topics"]),
                    variant["subject"] or f"no email: {variant['reason']}",
                )
                for variant in variants
            ),
            title="Variants",
            title_justify="left",
        )


def _shortened(proof: "Proof") -> list[str]:
    """Return lines about posts that were shortened to keep the email below `maximum_size`."""
    cut = {post.id: post for post in proof.rendered.shortened}
    titles = [
        f"“{post.title}” ({cut[post.id].words} of {cut[post.id].whole} words)"
        for post in proof.digest.posts
        if post.id in cut
    ]
    lines = [f"shortened to stay below maximum_size: {', '.join(titles)}"] if titles else []
    if unlisted := len(proof.rendered.unlisted):
        lines.append(f"posts that don't fit and are only on the edition's page: {unlisted}")
    return lines


def _findings(edition: "Edition", findings: list[dict[str, str]]) -> list[str]:
    """Return one line for each problem, or one that says that there are none, or that only drafts are checked."""
    lines = [
        f"{f['level']}: {f['code']}: {f['message']}" + (f" ({f['where']})" if f["where"] else "") for f in findings
    ]
    return lines or ["No problems found." if edition.state == "draft" else "Not checked, since it is no draft."]
