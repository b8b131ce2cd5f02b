"""`edgehuman seal`: give a model file of an earlier edgehuman a seal over all its bytes.

    edgehuman seal activity.onnx          and its parts; or activity.engine: its side file
    edgehuman seal runs/activity          the weights of a checkpoint

The seal finds damage after this moment, not before it: so the user answers for the file. What an
earlier seal covers, the graph or the plan, is checked first.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.card import WEIGHTS, from_json, sha256_of_bytes
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.files import write_together
from edgehuman.limits.sizes import MOST_MODEL, MOST_NOTE, read_regular
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.engine.build import side_file
from edgehuman.runtime.engine.onnx_file import GRAPH_SEAL_KEY, SEAL_KEY, read_onnx, sealed
from edgehuman.runtime.engine.part_files import PARTS, part_path
from edgehuman.runtime.engine.plan_file import read_side, side_path
from edgehuman.runtime.lock import locked
from edgehuman.runtime.provenance.weights_file import read_weights_file
from edgehuman.runtime.zoo import file_of


@dataclass(frozen=True, slots=True)
class SealConfig:
    """Seal files that an earlier edgehuman wrote; first make sure where they come from.

    Attributes:
        models: .onnx and .engine files, and checkpoint folders.
    """

    models: Positional[tuple[str, ...]]


def seal(config: SealConfig) -> Outcome:
    """`edgehuman seal`.

    Raises:
        UsageError: no model, a file that is none of ours, or another program seals it now.
        ArtefactError, CheckpointError: damaged, or changed since an earlier version sealed it.
    """
    if not config.models:
        raise UsageError("no model is given; give .onnx or .engine files, or checkpoint folders")
    files = [file for model in config.models for file in _with_parts(file_of(model))]
    with contextlib.ExitStack() as alone:
        for path in sorted(set(map(_holder, files))):
            alone.enter_context(locked(path, tell))
        contents = {_holder(file): _sealed(file) for file in files}
        changed = {path: new for path, new in contents.items() if _read(path, MOST_MODEL) != new}
        if changed:
            write_together(changed)
    lines = [
        f"{path}: {'sealed' if path in changed else 'has its seal already'}" for path in contents
    ]
    return Outcome({"sealed": [str(path) for path in changed]}, "\n".join(lines))


def _with_parts(path: Path) -> list[Path]:
    """A file, and the parts beside it; of a folder, its weights."""
    if path.is_dir():
        if not (path / WEIGHTS).is_file():
            raise UsageError(f"{path} has no {WEIGHTS} in it; give a checkpoint folder")
        return [path / WEIGHTS]
    if path.suffix not in (".onnx", ".engine", Path(WEIGHTS).suffix):
        raise UsageError(f"{path}: only .onnx and .engine files and checkpoint folders have a seal")
    if not path.is_file():
        raise ArtefactError(f"{path}: no such file; give the path of a model file")
    parts = (part_path(path, part) for part in PARTS)
    return [path, *(part for part in parts if part.is_file())]


def _holder(path: Path) -> Path:
    """The file that holds a model's seal."""
    return side_path(path) if path.suffix == ".engine" else path


def _sealed(path: Path) -> bytes:
    """The bytes of that file with its seal."""
    try:
        if path.suffix == ".onnx":
            return _sealed_graph(path)
        if path.suffix == ".engine":
            return _sealed_side(path)
        return read_weights_file(path).sealed()
    except OSError as error:
        raise ArtefactError(f"cannot read {error.filename}: {error.strerror}") from None


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
    return read_regular(path, most, ArtefactError, "file of a model")
