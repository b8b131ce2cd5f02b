"""`edgehuman seal`: give a model file of an earlier edgehuman a seal over all its bytes.

    edgehuman seal activity.onnx          and its parts; or activity.engine: its side file

The seal finds damage after this moment, not before it: so the user answers for the file. What an
earlier seal covers, the graph or the plan, is checked first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.card import from_json, sha256_of_bytes
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.files import write_together
from edgehuman.limits.sizes import MOST_MODEL, MOST_NOTE, read_bounded
from edgehuman.outcome import Outcome, to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.engine.build import side_file
from edgehuman.runtime.engine.onnx_file import GRAPH_SEAL_KEY, SEAL_KEY, read_onnx, sealed
from edgehuman.runtime.engine.part_files import FRAME, HEAD, part_path
from edgehuman.runtime.engine.plan_file import read_side, side_path
from edgehuman.runtime.zoo import file_of


@dataclass(frozen=True, slots=True)
class SealConfig:
    """Seal files that an earlier edgehuman wrote; first make sure where they come from.

    Attributes:
        models: .onnx and .engine files.
    """

    models: Positional[tuple[str, ...]]


def seal(config: SealConfig) -> Outcome:
    """`edgehuman seal`.

    Raises:
        UsageError: no model, or a file that is none of ours.
        ArtefactError: damaged, or changed since it was sealed by an earlier version.
    """
    if not config.models:
        raise UsageError("no model is given; give .onnx or .engine files")
    files = [file for model in config.models for file in _with_parts(file_of(model))]
    contents = dict(map(_sealed, files))
    changed = {path: new for path, new in contents.items() if _read(path, MOST_MODEL) != new}
    if changed:
        write_together(changed)
    lines = [
        f"{path}: {'sealed' if path in changed else 'has its seal already'}" for path in contents
    ]
    return Outcome({"sealed": [str(path) for path in changed]}, "\n".join(lines))


def _with_parts(path: Path) -> list[Path]:
    """A file, and the parts beside it."""
    parts = (part_path(path, part) for part in (FRAME, HEAD))
    return [path, *(part for part in parts if part.is_file())]


def _sealed(path: Path) -> tuple[Path, bytes]:
    """The file that holds a model's seal, and its sealed bytes."""
    try:
        if path.suffix == ".onnx":
            return path, _sealed_graph(path)
        if path.suffix == ".engine":
            return side_path(path), _sealed_side(path)
    except OSError as error:
        raise ArtefactError(f"cannot read {error.filename}: {error.strerror}") from None
    raise UsageError(f"{path}: only .onnx and .engine files have a seal")


def _sealed_graph(path: Path) -> bytes:
    file = read_onnx(_read(path, MOST_MODEL), str(path))
    card = file.card  # a foreign file has none, and an unreadable one is not sealed
    if SEAL_KEY in file.metadata:
        file.require_seal()
        return file.plain
    recorded = file.metadata.get(GRAPH_SEAL_KEY, file.graph_sha256)
    if recorded != file.graph_sha256:
        raise ArtefactError(
            f"{path}: the graph of {card.name} has sha256 {file.graph_sha256[:12]}…, but "
            f"{recorded[:12]!r} was recorded: it was changed after its export. Export it again"
        )
    return sealed(file.content)


def _sealed_side(path: Path) -> bytes:
    side = side_path(path)
    content = _read(side, MOST_NOTE)
    try:
        table = json_of(content)
        about = table["engine"]
        recorded, card = about["engine_sha256"], from_json(to_json(table["card"]), str(side))
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            f"{side} is not a complete side file ({error}); build the engine again"
        ) from None
    if recorded != sha256_of_bytes(_read(path, MOST_MODEL)):
        raise ArtefactError(
            f"{path} is not the plan that {side.name} describes; build the engine again"
        )
    if "seal" in table:
        read_side(path)
        return content
    return side_file(card, about)


def _read(path: Path, most: int) -> bytes:
    return read_bounded(path, most, ArtefactError, "file of a model")
