"""The pages of the site that are made from the project itself, so that they stay true.

mkdocs calls `on_config`, `on_files` and `on_page_markdown`. Nothing that is made here is committed:
a page for each command (what `--help` prints), the networks, the public names of the package, the
configs of methods and tasks, recipes, and the pages that stand at the top of the repository.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("COLUMNS", "88")  # the width of a page; tyro reads it when it is imported

import edgehuman
from edgehuman import catalogue, cli
from edgehuman.flags import choose

ROOT = Path(__file__).resolve().parents[2]
# Pages at the top of the repository, and where they stand on the site.
TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
# Modules with a page of their own; the page of the public names leaves theirs to it.
OWN_PAGE = {
    "edgehuman.records": "records.md",
    "edgehuman.card": "card.md",
    "edgehuman.errors": "errors.md",
}
_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


# What mkdocs calls -------------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Fill the parts of the navigation that name a folder: every page of it."""
    pages = [*made_pages(), *(f"decisions/{path.name}" for path in decisions())]
    config.nav = [filled(entry, pages) for entry in config.nav]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made here."""
    from mkdocs.structure.files import File

    for place, text in made_pages().items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links as they are right in the repository, made right for the site."""
    return for_the_site(markdown, page.file.src_uri)


def filled(entry: Any, pages: list[str]) -> Any:
    """An entry of the navigation; `Title: folder/` becomes `Title: [its pages]`."""
    if isinstance(entry, str):
        return entry
    ((title, value),) = entry.items()
    if isinstance(value, list):
        return {title: [filled(each, pages) for each in value]}
    if value.endswith("/"):
        return {title: [page for page in pages if page.startswith(value)]}
    return entry


# Pages -------------------------------------------------------------------------------------------


def made_pages() -> dict[str, str]:
    """Place on the site -> Markdown, of every page that is made here."""
    pages = {place: (ROOT / name).read_text(encoding="utf-8") for name, place in TOP.items()}
    pages["licence.md"] = f"# Licence\n\n```text\n{(ROOT / 'LICENSE').read_text()}```\n"
    pages["decisions/index.md"] = decisions_page()
    for name in cli.COMMANDS:
        pages[f"commands/{name.replace(' ', '_')}.md"] = command_page(name)
    for recipe in sorted((ROOT / "recipes").glob("*.toml")):
        text = recipe.read_text(encoding="utf-8")
        pages[f"recipes/{recipe.stem}.md"] = f"# {recipe.name}\n\n```toml\n{text}```\n"
    pages["reference/python.md"] = python_page()
    pages["reference/configs.md"] = configs_page()
    pages["reference/networks.md"] = networks_page()
    return pages


def decisions() -> list[Path]:
    """The half pages on choices that somebody will question, in their order."""
    return sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def decisions_page() -> str:
    """A list of the decisions by their titles."""
    lines = ["# Decisions", "", "Choices that somebody will question, half a page each.", ""]
    for path in decisions():
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def command_page(name: str) -> str:
    """What `edgehuman NAME --help` prints; of a command that chooses its flags, once a choice."""
    row = cli.COMMANDS[name]
    parts = [f"# edgehuman {name}", row.summary[0].upper() + row.summary[1:] + ".", "For example:"]
    parts.append(f"```sh\n{row.example}\n```")
    choices = list(_choices(name))
    if len(choices) > 1:
        parts.append("The words that stand in each title choose the flags.")
    for words in choices:
        shown = " ".join(["edgehuman", name, *words])
        parts.append(f"## `{shown}`\n" if len(choices) > 1 else "## Flags\n")
        parts.append(f"```text\n{help_of([*name.split(), *words])}```")
    return "\n\n".join(parts) + "\n"


def _choices(name: str) -> Iterator[list[str]]:
    """The words that choose among a command's configs; no words if it has one config.

    Raises:
        KeyError: a command chooses, and nothing here says by what.
    """
    row = cli.COMMANDS[name]
    if isinstance(row, cli.Command) or name == "export":  # export has one config, whoever builds
        yield []
    elif isinstance(row, cli.ModelCommand):
        for action in catalogue.served(row.step).values():
            # A file of the example is not here; the network of its name is.
            yield [action.example.split()[1 + len(name.split())].removesuffix(".onnx")]
    elif name == "finetune":
        for task, kind in catalogue.TASKS.items():
            yield ["--task", task]
            for other in kind.also:
                yield ["--task", task, "--arch", next(iter(catalogue.networks_of(other.modality)))]
    elif name == "distill":
        for task, kind in catalogue.TASKS.items():
            for each in filter(lambda row: row.distil, kind.rows):
                yield ["--task", task, "--student", each.student]
    else:
        # Of the sources that share their flags, the first.
        first = {kind.config: source for source, kind in reversed(catalogue.SOURCES.items())}
        flag, values = {
            "pretrain": ("--method", list(catalogue.METHODS)),
            "import": ("--source", list(reversed(first.values()))),
            "data simulate": ("--kind", list(choose.simulations())),
            "data pack": ("--kind", list(choose.packs())),
            "data convert": ("--kind", list(choose.conversions())),
        }[name]
        yield from ([flag, value] for value in values)


def help_of(words: list[str]) -> str:
    """What the command line prints for these words and `--help`, without its first lines."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        cli.main([*words, "--help"])
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue())
    return text[text.index("usage:") :]


def python_page() -> str:
    """The public names of the package that have no page of their own, `load` and `stream` first."""
    parts = ["# Python", "`import edgehuman` loads numpy and nothing larger. Its names:"]
    first = ["load", "stream"]
    for name in [*first, *(name for name in edgehuman.__all__ if name not in first)]:
        named = getattr(edgehuman, name)
        if named.__module__ not in OWN_PAGE:
            parts.append(f"::: {named.__module__}.{named.__qualname__}")
    others: dict[str, list[str]] = {}
    for name in edgehuman.__all__:
        if page := OWN_PAGE.get(getattr(edgehuman, name).__module__):
            others.setdefault(page, []).append(f"`{name}`")
    links = [f"- {', '.join(names)}: [{page}]({page})" for page, names in others.items()]
    return "\n\n".join([*parts[:2], "\n".join(links), *parts[2:]]) + "\n"


def configs_page() -> str:
    """The configs of the pretraining methods and of the tasks: flags, recipe keys, Python."""
    parts = [
        "# Configs",
        "A config is the flags of a command, the keys of a recipe, and what a checkpoint stores.",
    ]
    for title, table in (("Pretraining", catalogue.METHODS), ("Tasks", catalogue.TASKS)):
        parts.append(f"## {title}")
        parts += [f"::: {row.config.replace(':', '.')}" for row in choose.actions(table).values()]
    return "\n\n".join(parts) + "\n"


def networks_page() -> str:
    """Every network of the catalogue, as `edgehuman models` lists them."""
    head = ["| name | input | parameters | MFLOPs | source |", "|---|---|---:|---:|---|"]
    rows = [
        f"| {name} | {row.input} | {row.params:,} | {row.flops / 1e6:,.1f} | {row.source} |"
        for name, row in catalogue.NETWORKS.items()
    ]
    return "\n".join(["# Networks", "", "`edgehuman models` prints this table.", "", *head, *rows])


# Links -------------------------------------------------------------------------------------------


def for_the_site(markdown: str, place: str) -> str:
    """The page at that place of the site; links to the repository's files lead to the site's."""
    source = {site: name for name, site in TOP.items()}.get(place, f"docs/{place}")
    folder = Path(source).parent

    def led(match: re.Match[str]) -> str:
        target = os.path.normpath(folder / match[1])
        return f"]({os.path.relpath(site_place(target), Path(place).parent)}"

    return _LINK.sub(led, markdown)


def site_place(target: str) -> str:
    """Where a file of the repository stands on the site."""
    if target in TOP:
        return TOP[target]
    if target == "LICENSE":
        return "licence.md"
    if target.startswith("recipes/"):
        return target.removesuffix(".toml") + ".md"
    inside = os.path.relpath(target, "docs")
    return f"{inside}/index.md" if (ROOT / target).is_dir() else inside
