"""The commands that a page names, in blocks and code spans, and what is wrong with them."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman import catalogue, cli
from edgehuman.errors import EdgehumanError
from edgehuman.flags.commands import loads_models
from edgehuman.runtime.run import find_step

# Of every command; what else a config names is its own.
_SHARED = {"json", "recipe", "help", "version"}
_SIGNED = {"require_signed", "trusted_key"}
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_STARTS = ("edgehuman ", "python -m edgehuman.", "taskset ", "cat ")


def commands(text: str) -> Iterator[str]:
    """Every command of a page: each line of its blocks, each of its code spans."""
    blocks = _FENCE.findall(text)
    indented = re.findall(r"^ {4}(\S.*)$", _FENCE.sub("", text), re.MULTILINE)
    spans = [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", text))]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    for line in [*lines, *indented, *spans]:
        if line.startswith(_STARTS):
            found = re.search(r"(edgehuman|python -m edgehuman\.\S+)( .*)?$", line)
            if found:
                yield re.split(r"\s+[|&>#]|\s<\s", found[0])[0]


def wrong(command: str) -> str:
    """What the command line would not know of a command; empty where it knows all of it."""
    words = shlex.split(command)
    if words[0] == "python":
        return _wrong_of_a_module(words[2], _flags(words[3:]))
    name = next((name for name in (" ".join(words[1:3]), words[1]) if name in cli.COMMANDS), "")
    if not name:
        family = any(known.startswith(f"{words[1]} ") for known in cli.COMMANDS)
        known = family or words[1] == "help" or words[1].isupper() or words[1].startswith("--")
        return "" if known else f"there is no command {words[1]!r}"
    rest = words[1 + len(name.split()) :]
    own = _SHARED | (_SIGNED if loads_models(name, cli.COMMANDS[name]) else set())
    configs = _configs(name, rest)
    if not configs:
        return f"{name} knows no such choice"
    unknown = min((_flags(rest) - own - _fields(config) for config in configs), key=len)
    return f"{name} has no {', '.join(sorted(unknown))}" if unknown else ""


def _flags(words: list[str]) -> set[str]:
    flags = {word.partition("=")[0][2:] for word in words if word.startswith("--")}
    return {flag.removeprefix("no-").replace("-", "_") for flag in flags}


def _fields(config: type[Any]) -> set[str]:
    return {each.name for each in dataclasses.fields(config)}


def _configs(name: str, rest: list[str]) -> list[type[Any]]:
    """The configs that a command may have with these words: where they name a model or a recipe
    that is not here, all.
    """
    row = cli.COMMANDS[name]
    if isinstance(row, cli.Command):
        paths = [row.config]
    elif isinstance(row, cli.ModelCommand):
        try:
            action = find_step(row.step, rest, {})
        except EdgehumanError:
            action = None
        steps = catalogue.served(row.step).values() if action is None else [action]
        paths = [step.config for step in steps]
    else:
        if "--recipe" in rest and not Path(rest[rest.index("--recipe") + 1]).exists():
            rest = rest[: rest.index("--recipe")]
        try:
            paths = [row.choose([*rest, "--help"])[0]]  # help needs no whole words
        except EdgehumanError:
            paths = []
    return [catalogue.load_object(path) for path in paths]


def _wrong_of_a_module(module: str, flags: set[str]) -> str:
    """Whether the module is there, and it or a neighbour that it imports (whose config it may
    extend) annotates a name for each flag."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return f"there is no module {module}"
    own = Path(spec.origin)
    nodes = list(ast.walk(ast.parse(own.read_text(encoding="utf-8"))))
    package = module.rpartition(".")[0]
    for node in list(nodes):
        near = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if near.rpartition(".")[0] == package:
            file = own.with_name(f"{near.rpartition('.')[2]}.py")
            nodes += ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    named = {
        node.target.id
        for node in nodes
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    unknown = flags - named - _SHARED
    return f"{module} has no {', '.join(sorted(unknown))}" if unknown else ""
