"""The flags of a command, read from its config: name, values, default, text and group.

    for flag in flags_of(MaeConfig):
        print(flag.spelling, flag.said, flag.default)

tyro parses the words; its own help shows types as Python writes them, in the order of inheritance.
Here the flags that a command needs come first, then its own, then those of a class that names
itself with `HELP_GROUP`, such as the optimiser's.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import re
import textwrap
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

NEEDED = "needed"
OWN = "flags"
AUGMENTATION = "augmentation"
# First in the help where a config has them, in this order; each is needed to do anything real.
_FIRST = ("arch", "data", "weights", "source", "name", "gallery", "out")
_TRAINING_FIRST = ("arch", "data", "out", "weights")
_VALUES: Mapping[str, str] = {
    "arch": "NETWORK",
    "model": "MODEL",
    "models": "MODEL ...",
    "checkpoint": "MODEL",
    "source": "SOURCE",
    "dataset": "DATASET",
}
_TYPES: Mapping[Any, str] = {int: "INT", float: "FLOAT", str: "TEXT", Path: "PATH"}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a command.

    Attributes:
        name: of the field.
        spelling: as it is typed: "--steps INT", "--no-read-test", or "MODEL".
        said: what it means, in one line.
        default: in words; empty if there is none to show.
        group: its heading in the help.
        choices: the values that it takes, if they are a fixed list.
        required: whether it has no default.
        positional: whether it is given without its name.
        takes_value: whether a value follows its name.
    """

    name: str
    spelling: str
    said: str
    default: str
    group: str
    choices: tuple[str, ...]
    required: bool
    positional: bool
    takes_value: bool

    @property
    def option(self) -> str:
        """The name as it is typed: "--read-test"."""
        return f"--{self.name.replace('_', '-')}"


def flags_of(config_class: type[Any]) -> list[Flag]:
    """The flags of a config in the order of the help: needed, own, then groups of other classes."""
    hints = typing.get_type_hints(config_class, include_extras=True)
    said, group_of = _field_texts(config_class), _groups(config_class)
    flags = [
        _flag(each, hints[each.name], said.get(each.name, ""), group_of.get(each.name, ""))
        for each in dataclasses.fields(config_class)
    ]
    trains = "lr" in group_of
    first = _TRAINING_FIRST if trains else _FIRST
    flags = [_placed(flag, flag.name in first if trains else flag.required) for flag in flags]
    headings = [NEEDED, OWN, AUGMENTATION, *dict.fromkeys(group_of.values())]
    return sorted(flags, key=lambda flag: (headings.index(flag.group), *_place(flag, first)))


def _placed(flag: Flag, is_needed: bool) -> Flag:
    """The flag in its group: needed, augmentation, or where its class puts it."""
    if is_needed or flag.positional or flag.required:
        return dataclasses.replace(flag, group=NEEDED)
    if flag.said.startswith("Augmentation: "):
        said = flag.said.removeprefix("Augmentation: ")
        return dataclasses.replace(flag, group=AUGMENTATION, said=said[0].upper() + said[1:])
    return dataclasses.replace(flag, group=flag.group or OWN)


def _place(flag: Flag, first: tuple[str, ...]) -> tuple[bool, int]:
    """Within a group: positional first, then the order of `first`, then that of the fields."""
    known = first.index(flag.name) if flag.name in first and flag.group == NEEDED else len(first)
    return not flag.positional, known


def _flag(each: dataclasses.Field[Any], hint: Any, said: str, group: str) -> Flag:
    positional = typing.get_origin(hint) is typing.Annotated
    kind = typing.get_args(hint)[0] if positional else hint
    required = each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    default = None if required else _default(each)
    option = each.name.replace("_", "-")
    values = _VALUES.get(each.name, "") if not _choices(kind) else ""
    values = values or ("" if kind is bool else _values(kind))
    if positional:
        spelling = values if values.isupper() or "..." in values else each.name.upper()
    elif kind is bool:
        spelling = f"--no-{option}" if default is True else f"--{option}"
    else:
        spelling = f"--{option} {_several(values, kind)}"
    return Flag(
        name=each.name,
        spelling=spelling,
        # The text says what the switch does; this flag undoes it.
        said=f"Turn off: {said[:1].lower()}{said[1:]}" if default is True and said else said,
        default=_in_words(default),
        group=group,
        choices=_choices(kind),
        required=required,
        positional=positional,
        takes_value=kind is not bool,
    )


def _default(each: dataclasses.Field[Any]) -> Any:
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory()
    return each.default


def _in_words(value: Any) -> str:
    """A default as it would be typed; empty for none, "" and a switch."""
    if value is None or value == "" or isinstance(value, bool):
        return ""
    if isinstance(value, tuple):
        return " ".join(map(_in_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _without_none(kind: Any) -> Any:
    """`X | None` -> X; a union of words and a type stays."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        rest = [each for each in typing.get_args(kind) if each is not type(None)]
        return rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]  # noqa: UP007
    return kind


def _choices(kind: Any) -> tuple[str, ...]:
    """The words of a Literal, or of a union of them."""
    kind = _without_none(kind)
    if typing.get_origin(kind) is Literal:
        return tuple(str(value) for value in typing.get_args(kind) if value is not None)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(word for each in typing.get_args(kind) for word in _choices(each))
    return ()


def _values(kind: Any) -> str:
    """What follows the flag: "INT", "PATH ...", "{adamw,adam}"."""
    kind = _without_none(kind)
    if choices := _choices(kind):
        return "{" + ",".join(choices) + "}"
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        if inner[-1] is Ellipsis:
            return f"{_values(inner[0])} ..."
        return " ".join(map(_values, inner))
    return _TYPES.get(kind, "TEXT")


def _several(values: str, kind: Any) -> str:
    """A name of the table above says nothing of how many; the type does."""
    many = typing.get_origin(_without_none(kind)) is tuple
    return values if not many or " " in values else f"{values} ..."


def _field_texts(config_class: type[Any]) -> dict[str, str]:
    """The text below each field, that of the most derived class that has one."""
    texts: dict[str, str] = {}
    for kind in reversed(config_class.__mro__):
        if dataclasses.is_dataclass(kind):
            texts |= _attribute_texts(inspect.getdoc(kind) or "") | _texts_of(kind)
    return texts


def _attribute_texts(docstring: str) -> dict[str, str]:
    """The texts below "Attributes:": `name: text` or `one, other: text`, over several lines."""
    _, _, section = docstring.partition("Attributes:\n")
    entries = re.split(r"^(?: {4})?(?=\w[\w, ]*: )", section, flags=re.MULTILINE)
    texts: dict[str, str] = {}
    for entry in entries:
        names, _, text = " ".join(entry.split()).partition(": ")
        texts |= dict.fromkeys(names.split(", "), text)
    return texts


def _texts_of(kind: type[Any]) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return {}  # a class made without a file has no texts
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _groups(config_class: type[Any]) -> dict[str, str]:
    """Field -> `HELP_GROUP` of the class that introduces it, where that class has one."""
    groups: dict[str, str] = {}
    for kind in reversed(config_class.__mro__):
        for name in inspect.get_annotations(kind):
            groups.setdefault(name, kind.__dict__.get("HELP_GROUP", ""))
    return {name: group for name, group in groups.items() if name != "HELP_GROUP"}
