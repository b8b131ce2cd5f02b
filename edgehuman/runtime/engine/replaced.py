"""What an output may replace: an earlier file of the same model, and nothing else.

    notes = require_free_or_own(path, files, card, "fp16")      before any work

The file that a flag names may be an earlier export of the same weights; with `--replace` of any
model, such as the same network before it was trained again. A file beside it, whose name the user
did not write (a graph, a side file, a part), may be an earlier one of the same weights and
precision, or go with the file that is replaced.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from edgehuman.card import Card, from_json
from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.engine.onnx_file import content_of, read_onnx
from edgehuman.runtime.engine.plan_file import side_path

_SIDE = ".json"


def require_free_or_own(
    path: Path,
    files: Collection[Path],
    card: Card,
    precision: str | None = None,
    onnx: bytes | None = None,
    flag: str = "--out",
    replace: bool | None = None,
) -> list[str]:
    """Check, before the work, that a model's files replace no file of another model.

    Args:
        path: what the flag names.
        files: all that will be written.
        card: of the new model, with the hash of its weights.
        precision: of the new files, as cards say it; None: not known yet.
        onnx: the new graph, if it exists already.
        flag: the flag that named the path, for the message.
        replace: whether `--replace` is given; None: the command has no such flag.

    Returns:
        Remarks on another model that is replaced, and on the files beside the named one.

    Raises:
        UsageError: a file is another model's, or no model's; the message names it and the fix.
    """
    named = card_at(path) if _is_kept(path) else None
    notes = []
    if _is_kept(path) and not _is_own(path, named, card, precision, onnx):
        if named is None or not replace:
            fix = f"remove {path}" if named is None or replace is None else "add --replace"
            raise UsageError(
                f"{flag} {path}: that file {_in_words(path, named, card)}; choose another {flag}, "
                f"or {fix}"
            )
        notes.append(f"{path.name}, {_other(named, card)}, is replaced")
    for file in files:
        if file == path or not _is_kept(file) or _holds(file, onnx):
            continue
        found = card_at(file)
        if named is not None and found is not None and _is_of(found, named, named.precision.name):
            continue  # they are replaced together
        if found is None and _goes_with_graph(file, card, precision, onnx):
            continue
        if found is None or not _is_of(found, card, precision):
            raise UsageError(
                f"{flag} {path} also writes {file.name}, but that file "
                f"{_in_words(file, found, card)}; choose another {flag}, or move {file}"
            )
        notes.append(f"{file.name} ({_named(found)}) is replaced")
    return notes


def card_at(path: Path) -> Card | None:
    """The card of a file of a model: inside it, or in the side file beside it; None: none."""
    with contextlib.suppress(
        EdgehumanError, OSError, ValueError, LookupError, TypeError, MemoryError
    ):
        if path.suffix == ".onnx":
            return read_onnx(content_of(path), str(path)).card  # also of an earlier seal
        side = path if path.suffix == _SIDE else side_path(path)
        return from_json(
            to_json(json_of(read_bounded(side, MOST_NOTE, ArtefactError))["card"]), str(side)
        )
    return None


def _is_own(
    path: Path, named: Card | None, card: Card, precision: str | None, onnx: bytes | None
) -> bool:
    """Whether the file that a flag names is an earlier one of the new model."""
    if named is None:
        return _holds(path, onnx) or _goes_with_graph(path, card, precision, onnx)
    return _is_of(named, card, None)


def _is_kept(path: Path) -> bool:
    """Whether there is something to lose."""
    return path.is_file() and path.stat().st_size > 0


def _holds(path: Path, content: bytes | None) -> bool:
    if content is None or path.stat().st_size != len(content):
        return False
    return read_bounded(path, len(content), ArtefactError) == content


def _is_of(found: Card, card: Card, precision: str | None) -> bool:
    """Whether a card is of the same weights, and of this precision if it is known."""
    same = bool(card.weights_sha256) and found.weights_sha256 == card.weights_sha256
    return same and precision in (None, found.precision.name)


def _goes_with_graph(file: Path, card: Card, precision: str | None, onnx: bytes | None) -> bool:
    """Whether an engine or side file that says nothing is named after this model's own graph."""
    if file.suffix == ".onnx":
        return False
    engine = file.with_name(file.name.removesuffix(_SIDE))
    graph = engine.with_suffix(".onnx")
    if not _is_kept(graph):
        return False
    found = card_at(graph)
    return _holds(graph, onnx) or (found is not None and _is_of(found, card, precision))


def _in_words(path: Path, found: Card | None, card: Card) -> str:
    if found is not None:
        return f"holds {_other(found, card)}"
    if path.suffix == ".onnx":
        return "has no card of an export"
    return "is of no model that edgehuman wrote"


def _other(found: Card, card: Card) -> str:
    if found.name == card.name and found.weights_sha256 != card.weights_sha256:
        return f"other weights of this network ({_named(found)})"
    return f"another model ({_named(found)})"


def _named(card: Card) -> str:
    return f"{card.name} in {card.precision.name}"
