"""The pages that `--help` prints: of all commands, of a family of them, and of one.

    print(overview({"run": "a live stream, recognised", ...}))
    print(page("run", "a live stream, recognised", RunConfig, ["edgehuman run zoo:activity ..."]))

A page shows what chooses the flags, the flags in groups (see `fields`), what is read of the files
(`HELP_FILES` of the config: titles and rows), and examples.
"""

from __future__ import annotations

import dataclasses
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehuman.flags.fields import NEEDED, OWN, Flag, flags_of

_COLUMN = 26
_NARROWEST, _WIDEST = 60, 100
_LONGEST_CHOICE = 44
_ALSO = (
    ("--json", "One JSON object on standard output, for machines."),
    ("--recipe FILE.toml", "Take flags from a file; those typed here win."),
    ("-h, --help", "This page."),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of the flag that chooses a command's other flags.

    Attributes:
        flag: "method".
        rows: value -> what it is, in a line.
        chosen: the value whose flags the page shows.
        is_said: whether the user chose it, rather than the default.
    """

    flag: str
    rows: Mapping[str, str]
    chosen: str
    is_said: bool


def overview(commands: Mapping[str, str]) -> str:
    """The page of `edgehuman --help`.

    Args:
        commands: name -> summary.
    """
    lines = [
        "usage: edgehuman COMMAND [WORDS] [--json] [--recipe FILE.toml]",
        "",
        "Human sensing on the edge: pretrain, fine-tune, export, and run live.",
        "",
        family(commands),
        "",
        "A model is zoo:NAME, a path, or a name from `edgehuman models` (random weights).",
        "--data is a path, or the word `simulated`. --json prints one object for machines.",
        "`edgehuman help COMMAND` shows the command's flags and an example; `edgehuman -V` the",
        "version. A first try without any data: edgehuman run zoo:activity --source simulated",
    ]
    return "\n".join(lines)


def family(commands: Mapping[str, str]) -> str:
    """One line per command: its name and its summary."""
    width = max(map(len, commands), default=0)
    return "\n".join(f"  {name:<{width}}  {summary}" for name, summary in commands.items())


def page(
    name: str,
    summary: str,
    config_class: type[Any],
    examples: Sequence[str],
    choices: Choices | None = None,
    also: Sequence[tuple[str, str]] = (),
) -> str:
    """The page of one command.

    Args:
        name: as typed: "finetune".
        examples: lines that run.
        choices: what chooses the flags, if something does.
        also: flags that the config does not have, with what they mean.
    """
    flags = flags_of(config_class)
    if choices is not None:
        flags = [flag for flag in flags if flag.name != choices.flag]
    parts = [
        summary[0].upper() + summary[1:] + ".",
        f"usage: edgehuman {_usage(name, flags, choices)}",
        *([_choice_rows(name, choices)] if choices else []),
        *_groups(flags, choices),
        *(_rows(title, rows) for title, rows in getattr(config_class, "HELP_FILES", ())),
        *([_rows("signatures", also)] if also else []),
        _rows("always", _also(config_class)),
        "\n  ".join(["examples:" if len(examples) > 1 else "example:", *examples]),
    ]
    return "\n\n".join(parts)


def first_sentence(config_class: type[Any]) -> str:
    """What a config is for: the first line of its docstring."""
    return (config_class.__doc__ or "").strip().splitlines()[0]


def _usage(name: str, flags: Sequence[Flag], choices: Choices | None) -> str:
    chosen = [f"--{choices.flag} {choices.chosen}"] if choices else []
    needed = [flag.spelling for flag in flags if flag.positional or flag.required]
    return " ".join([name, *chosen, *needed, "[FLAGS]"])


def _choice_rows(name: str, choices: Choices) -> str:
    flag = choices.flag
    rows = [(value, said) for value, said in choices.rows.items()]
    title = f"--{flag}, one of these; `edgehuman {name} --{flag} NAME --help` shows its flags"
    default = "" if choices.is_said else f"\n  (without --{flag}, and below: {choices.chosen})"
    return _rows(title, rows) + default


def _groups(flags: Sequence[Flag], choices: Choices | None) -> list[str]:
    titles = {OWN: f"flags of --{choices.flag} {choices.chosen}" if choices else OWN}
    groups: dict[str, list[Flag]] = {}
    for flag in flags:
        if flag.name != "json":
            groups.setdefault(flag.group, []).append(flag)
    first = {NEEDED: groups.pop(NEEDED)} if NEEDED in groups else {}
    return [
        _rows(titles.get(group, group), map(_row, members))
        for group, members in {**first, **groups}.items()
    ]


def _row(flag: Flag) -> tuple[str, str]:
    """What is typed, and what it means with its default."""
    spelling, said = flag.spelling, flag.said
    if flag.choices and len(spelling) > _LONGEST_CHOICE:
        spelling = f"{flag.option} WORD"
        said = f"{said} One of: {', '.join(flag.choices)}."
    said = _capitalised(said)
    if flag.required:
        return spelling, f"{said} (required)"
    shows = flag.default and "(default" not in said and "by default" not in said.lower()
    return spelling, f"{said} (default: {flag.default})" if shows else said


def _capitalised(said: str) -> str:
    """With a capital, unless it begins with a word that is typed: "zoo:NAME, a path", "auto, g"."""
    first = said.partition(" ")[0]
    return said[:1].upper() + said[1:] if first.isalpha() else said


def _also(config_class: type[Any]) -> list[tuple[str, str]]:
    own = {field.name for field in dataclasses.fields(config_class)}
    if "json" not in own:
        return list(_ALSO)
    (json_text,) = (flag.said for flag in flags_of(config_class) if flag.name == "json")
    return [("--json", _capitalised(json_text)), *_ALSO[1:]]


def _rows(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A heading and rows in two columns, wrapped to the terminal."""
    width = min(max(shutil.get_terminal_size((88, 24)).columns, _NARROWEST), _WIDEST)
    lines = [f"{title}:"]
    for name, said in rows:
        text = textwrap.wrap(said, width - _COLUMN, break_on_hyphens=False) or [""]
        head = f"  {name}"
        if len(head) > _COLUMN - 2:
            lines.append(head)
            head = ""
        lines.append(f"{head:<{_COLUMN}}{text[0]}".rstrip())
        lines += [" " * _COLUMN + line for line in text[1:]]
    return "\n".join(lines)
