"""One frozen dataclass defines the command line, the recipe file, and what a checkpoint stores.

    config = resolve(MaeConfig, words=["--steps", "100"], recipe=Path("recipes/mae.toml"))
    write_toml(config, path);  assert read_toml(MaeConfig, path) == config

The recipe file overrides the dataclass's defaults, and flags override both. An unknown key is an
error that lists the valid ones; nothing is silently dropped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import io
import math
import os
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from edgehuman.errors import UsageError
from edgehuman.limits.sizes import MOST_RECIPE, read_bounded, require_plain_toml
from edgehuman.placing import why
from edgehuman.reading.parsers import reason_of
from edgehuman.reading.values import shown

ConfigT = TypeVar("ConfigT")
HelpFiles: TypeAlias = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Of a config whose command reads files: titles, each with names and what they hold."""
# How Python begins to say that a text is no number -> the rule that it breaks.
_NUMBERS = {
    "could not convert string to float: ": "a number",
    "invalid literal for int() with base 10: ": "a whole number",
}
# tyro's words for a flag whose value may be left out.
_NUMBER_OR_NONE = re.compile(
    r"no type matching \{None\}\|(FLOAT|INT) could be instantiated from \[(.+?)\]"
)
_FLAG_BEFORE = re.compile(r"^\s*--[\w-]+=")
_KINDS = {"FLOAT": "a number", "INT": "a whole number"}


def resolve(
    config_class: type[ConfigT],
    words: Sequence[str],
    recipe: Path | None = None,
    prog: str = "edgehuman",
) -> ConfigT:
    """Return the config: defaults, overridden by the recipe file, overridden by the flags.

    `--help` prints the flags and exits with code 0.

    Raises:
        UsageError: an unknown flag, a missing or a wrong value; or the recipe file is missing, is
            not TOML, or holds an unknown key or wrong value.
    """
    import tyro

    words = _with_signs(config_class, words)
    _require_known(config_class, words, prog)
    given: dict[str, Any] = {}
    if recipe is not None:
        values = _values(config_class, read_table(recipe), where=str(recipe))
        given["default"] = _unchecked(config_class, values)
    said = io.StringIO()
    try:
        with _wide(), contextlib.redirect_stderr(said):
            config: ConfigT = tyro.cli(config_class, args=list(words), prog=prog, **given)
            return config
    except SystemExit as left:
        if left.code != 2:
            raise
        raise UsageError(_plain(said.getvalue(), config_class, words, prog)) from None


def _with_signs(config_class: type[Any], words: Sequence[str]) -> list[str]:
    """The words, with a value that begins with a sign tied to its flag: --axes=-y+x+z."""
    hints = typing.get_type_hints(config_class)
    flags = {_flag(name) for name, kind in hints.items() if kind is not bool}
    tied: list[str] = []
    for word in words:
        is_value = len(word) > 1 and word[0] == "-" and word[1] != "-" and word != "-h"
        if is_value and tied and tied[-1] in flags:
            tied[-1] += f"={word}"
        else:
            tied.append(word)
    return tied


def _require_known(config_class: type[Any], words: Sequence[str], prog: str) -> None:
    """Raise UsageError for a word that begins as a flag and is none, or names what is given by its
    place.
    """
    fields = [each.name for each in dataclasses.fields(config_class)]
    hints = typing.get_type_hints(config_class, include_extras=True)
    placed = {name for name in fields if typing.get_origin(hints[name]) is typing.Annotated}
    for word in words:
        option = word.partition("=")[0]
        name = option.removeprefix("--").replace("-", "_")
        if word in ("--", "--help") or not word.startswith("--"):
            continue
        if name in placed:
            raise UsageError(
                f"{option} is no flag of `{prog}`: write its value alone, without {option}"
            )
        if name in fields or name.removeprefix("no_") in fields:
            continue
        near = difflib.get_close_matches(option, [_flag(each) for each in fields], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"unknown flag {option}.{hint} `{prog} --help` lists the flags")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@contextlib.contextmanager
def _wide() -> Iterator[None]:
    """Inside, text for the terminal is not wrapped."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "10000"
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _plain(boxed: str, config_class: type[Any], words: Sequence[str], prog: str) -> str:
    """tyro's boxed complaint as one line like our own."""
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in boxed.splitlines()]
    # The first line is the title; a terminal without UTF-8 gets a rule below it, and no frame.
    rows = [line.strip("│").rstrip() for line in lines[1:]]
    rules = [i for i, row in enumerate(rows) if re.fullmatch(" *[─-]{4,}", row)]
    rows = rows[1:] if rules[:1] == [0] else rows
    end = next((i - (rules[0] == 0) for i in rules if i), len(rows))
    text = " ".join(" ".join(rows[:end]).split())
    more = f"`{prog} --help` lists the flags"
    if text.startswith("Missing from"):
        return f"`{prog}` needs {_missing(rows[:end], config_class, words)}; {more}"
    if found := re.match(r"Unrecognized options: ([^,]+)", text):
        return f"{found[1]!r} is one word too many; {more}"
    if found := re.match(r"invalid choice (.+) for argument '(.+)'\. Expected one of (.+)\.", text):
        known = [word for word in re.findall(r"'([^']*)'", found[3]) if word != "None"]
        near = difflib.get_close_matches(found[1].strip("'"), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{found[2]} is {found[1]}; it must be one of: {', '.join(known)}.{hint}"
    # The oldest tyro writes a tuple of the flag's names there.
    if found := re.match(r"Missing value for argument '\W*?(-*\w[\w-]*)", text):
        return f"{found[1]} needs a value; {more}"
    if found := re.match(r"Error parsing (\S+): (.+)", text):  # of a flag, or a rule of the class
        name, broken = found.groups()
        if not name.startswith("--") and not name.isupper():
            return broken
        for start, rule in _NUMBERS.items():
            if broken.startswith(start):
                return f"{name} is {broken.removeprefix(start)}; it must be {rule}"
        if found := _NUMBER_OR_NONE.match(broken):
            kind, word = found.groups()
            return f"{name} is {word}; it must be {_KINDS[kind]}, or None"
        return f"{name}: {broken}; {more}"
    return f"{text.rstrip('.')}; {more}"


def _missing(rows: Sequence[str], config_class: type[Any], words: Sequence[str]) -> str:
    """What has to be given: flags by their names, the rest by their fields' names."""
    hints = typing.get_type_hints(config_class, include_extras=True)
    needed = [
        each.name
        for each in dataclasses.fields(config_class)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    ]
    unnamed = [name for name in needed if typing.get_origin(hints[name]) is typing.Annotated]
    typed = {word.partition("=")[0] for word in words}
    listed = " ".join(rows)
    flags = [
        flag
        for name in needed
        if name not in unnamed and (flag := _flag(name)) not in typed and f"{flag} " in listed
    ]
    indent = min(len(row) - len(row.lstrip()) for row in rows) + 4
    heads = [row for row in rows if re.match(rf" {{{indent}}}[^ -]", row)]
    return (
        ", ".join([*(name.upper() for name in unnamed[-len(heads) :] if heads), *flags]) or "more"
    )


def read_toml(config_class: type[ConfigT], path: Path) -> ConfigT:
    """Read a config from a TOML file.

    Raises:
        UsageError: missing file, broken TOML, an unknown key, or a value of the wrong type.
    """
    return from_table(config_class, read_table(path), where=str(path))


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file into a plain dict.

    Raises:
        UsageError: missing file or broken TOML; or it is larger than any recipe.
    """
    # Not at the top: `edgehuman --help` does without tomli, too.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = read_bounded(path, MOST_RECIPE, UsageError, "recipe")
        require_plain_toml(content, str(path), UsageError)
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"recipe {path}: no such file; give the path of a .toml file") from None
    except OSError as error:
        raise UsageError(f"recipe {path}: {why(error)}; give another file") from None
    try:
        table: dict[str, Any] = tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except Exception as error:  # of tomllib alone, which takes what is nested deeply to the limit
        raise UsageError(
            f"recipe {path}: not a TOML file ({reason_of(error)}); fix that line"
        ) from None
    _require_64_bits(table, path)
    return table


def _require_64_bits(table: dict[str, Any], path: Path) -> None:
    """Raises UsageError for an integer that TOML does not have, and no float can be made of."""
    left: list[Any] = [table]
    while left:
        value = left.pop()
        if isinstance(value, (dict, list)):
            left += value.values() if isinstance(value, dict) else value
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise UsageError(f"recipe {path}: {shown(value)} is beyond 64 bits; give a smaller one")


def from_table(config_class: type[ConfigT], table: dict[str, Any], where: str) -> ConfigT:
    """Build a config from a plain dict; check every key and type."""
    values = _values(config_class, table, where)
    absent = [
        each.name
        for each in dataclasses.fields(config_class)  # type: ignore[arg-type]
        if each.name not in values
        and each.default is dataclasses.MISSING
        and each.default_factory is dataclasses.MISSING
    ]
    if absent:
        raise UsageError(f"{where} lacks {', '.join(map(repr, absent))}; add the missing key")
    return config_class(**values)


def _values(config_class: type[Any], table: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the fields in a plain dict, each converted to its type."""
    fields = {f.name: f for f in dataclasses.fields(config_class)}
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise UsageError(
                f"{where}: unknown key {key!r}{hint} Valid keys: {', '.join(sorted(fields))}"
            )
        require_no_command(table[key], f"{where}: {key}")
    hints = typing.get_type_hints(config_class)
    return {key: _coerce(value, hints[key], f"{where}: {key}") for key, value in table.items()}


def require_no_command(value: Any, where: str) -> None:
    """Refuse the address of shards that is a command, and a pipeline of GStreamer: a file from
    elsewhere may run nothing.

    Raises:
        UsageError: a text that begins with "pipe:" or "gst:", also inside a list or a table, or as
            a path would ("./pipe:").
    """
    if isinstance(value, dict):
        for key, one in value.items():
            require_no_command(one, f"{where}: {key}")
        return
    if isinstance(value, list):
        for one in value:
            require_no_command(one, where)
        return
    plain = _FLAG_BEFORE.sub("", value) if isinstance(value, str) else ""
    said = (plain, str(Path(plain)))
    if any(one.lstrip().startswith(("pipe:", "gst:")) for one in said):
        flag = f"--{where.rpartition(' ')[2].replace('_', '-')}"
        raise UsageError(
            f"{where} is {value!r}, a command; commands run only where you type them. Remove the "
            f"key and type it: {flag} {value!r}"
        )


def _unchecked(config_class: type[ConfigT], values: dict[str, Any]) -> ConfigT:
    """Build a config for flags to change, without validating it: a recipe may need a flag to be
    complete, and derived values must follow from the flags.
    """
    import tyro

    config = object.__new__(config_class)
    for each in dataclasses.fields(config_class):  # type: ignore[arg-type]
        if each.name in values:
            value = values[each.name]
        elif each.default_factory is not dataclasses.MISSING:
            value = each.default_factory()
        else:
            value = tyro.MISSING if each.default is dataclasses.MISSING else each.default
        object.__setattr__(config, each.name, value)
    return config


def _coerce(value: Any, hint: Any, where: str) -> Any:
    """Convert `value` to the annotated type, or raise an error that names both."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _coerce(value, arguments[0], where)
    if origin is typing.Union or origin is types.UnionType:
        if value is None or (value == "none" and type(None) in arguments):
            return None
        for choice in arguments:
            try:
                return _coerce(value, choice, where)
            except UsageError:
                continue
    elif origin is typing.Literal:
        if value in arguments:
            return value
    elif origin is tuple:
        if isinstance(value, list):
            return tuple(_coerce(item, arguments[0], where) for item in value)
    elif hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # an integer beyond any float
            return float(value)
    elif hint is Path and isinstance(value, str):
        return Path(value)
    elif (
        isinstance(hint, type)
        and isinstance(value, hint)
        and not (hint is int and isinstance(value, bool))
    ):
        return value
    raise UsageError(f"{where} is {shown(value)}; it must be {_type_name(hint)}")


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        return f"a list of {_type_name(typing.get_args(hint)[0])}, in [ ]"
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def require(config: Any, rules: Iterable[tuple[bool, str, str]]) -> None:
    """Check a config against rules; report the first one broken.

    Args:
        rules: for each rule, whether it holds, the field's name, and what its value must be.

    Raises:
        UsageError: "--min-lr is 2.0; it must be from 0 to lr".
    """
    for holds, name, rule in rules:
        value, flag = getattr(config, name), name.replace("_", "-")
        if not holds:
            raise UsageError(f"--{flag} is {value}; it must be {rule}")
        if isinstance(value, float) and math.isinf(value):
            raise UsageError(f"--{flag} is {value}; it must be a finite number, {rule}")


def to_table(config: Any) -> dict[str, Any]:
    """Return a config as a plain dict of TOML values, without the fields that are None."""
    table: dict[str, Any] = {}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if value is None:
            continue
        if isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = [str(item) if isinstance(item, Path) else item for item in value]
        table[f.name] = value
    return table


def write_toml(config: Any, path: Path) -> None:
    """Write a config as a recipe file; `read_toml` reads it back unchanged."""
    import tomli_w

    path.write_text(tomli_w.dumps(to_table(config)), encoding="utf-8")
