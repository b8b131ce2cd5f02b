"""Readers of what describes and holds a model: cards, graphs, side files, recipes, galleries,
checkpoints.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from edgehuman import catalogue
from edgehuman.card import CARD_KEY, WEIGHTS, Card, from_json, of_weights
from edgehuman.config import read_table, read_toml
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.outcome import to_json
from edgehuman.runtime.engine.onnx_file import read_card, read_onnx, sealed, with_card
from edgehuman.runtime.engine.plan_file import read_engine, read_side
from edgehuman.runtime.engine.replaced import card_at
from edgehuman.runtime.gallery import Gallery, read_gallery, update_gallery, write_gallery
from edgehuman.runtime.gallery.verify import VerifyGalleryConfig, verify
from edgehuman.runtime.provenance.weights_file import WeightsFile
from edgehuman.runtime.zoo import file_of
from tests.fuzz.target import Target, written

_ROOT = Path(__file__).parents[3]
_CONFIGS = (
    "edgehuman.pretrain.mae_settings:MaeConfig",
    "edgehuman.tasks.imu.settings:ActivityConfig",
    "edgehuman.tasks.image.settings:ParsingConfig",
    "edgehuman.export.words:ExportConfig",
)


@cache
def _card() -> Card:
    return read_card(file_of("zoo:gait-skeleton"))


def _read_card(content: bytes, folder: Path) -> None:
    card = from_json(content.decode("utf-8", "replace"), "a card")
    from_json(card.to_json(), "its copy")


def onnx_seed() -> bytes:
    """The fields of a model around a graph of a few bytes."""
    graph = b"\x12\x05graph"
    return sealed(with_card(b"\x08\x09" + b"\x3a" + bytes([len(graph)]) + graph, _card()))


def _onnx(content: bytes, folder: Path) -> None:
    read_onnx(content, "a model")
    read_card(written(content, folder, "model.onnx"))


def _side(content: bytes, folder: Path) -> None:
    path = written(b"ftrt plan", folder, "model.engine")
    side = written(content, folder, "model.engine.json")
    card_at(path)
    for read in (read_side, read_engine):
        try:
            read(path)
        except ArtefactError:
            continue
    card_at(side)


def side_seeds() -> Sequence[bytes]:
    about: dict[str, object]
    about = {"library": "tensorrt", "version": "10.1", "platform": "linux_x86_64", "gpu": None,
             "driver": None, "onnx_sha256": "0" * 64, "built_for": ["sm_90"], "options": {},
             "engine_sha256": "9" * 64}  # fmt: skip
    return [to_json({"card": json.loads(_card().to_json()), "engine": about}).encode()]


def _weights_card(content: bytes, folder: Path) -> None:
    of_weights(written(content, folder, "weights.safetensors"))


def _safetensors(about: Mapping[str, str]) -> bytes:
    header = json.dumps(
        {
            "__metadata__": dict(about),
            "w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [16, 24]},
        }
    ).encode()
    return len(header).to_bytes(8, "little") + header + bytes(24)


def _sealed_weights() -> bytes:
    content = _safetensors({CARD_KEY: _card().to_json()})
    begin = 8 + int.from_bytes(content[:8], "little")
    return WeightsFile(Path(WEIGHTS), content, json.loads(content[8:begin]), begin).sealed()


def _checkpoint(content: bytes, folder: Path) -> None:
    from edgehuman.nets import checkpoint

    written(content, folder, WEIGHTS)
    checkpoint.read_weights(folder)


def _learnt(content: bytes, folder: Path) -> None:
    from edgehuman.export.graph import learnt

    written(content, folder, learnt.FILE)
    learnt.read(folder, "0" * 64)


def _foreign(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> None:
        from edgehuman.training.foreign import read_foreign

        written(_safetensors({}), folder, "a.safetensors")
        read_foreign(written(content, folder, name))

    return read


def _state(content: bytes, folder: Path) -> None:
    from edgehuman.training.checkpoint import load_state

    written(content, folder, "state.pt")
    load_state(folder)


def _torch_seeds() -> Sequence[bytes]:
    import torch

    return _saved({"step": 3, "weights": {"w": torch.ones(2, 2)}, "words": ["a", 1.5, None]})


def _state_seeds() -> Sequence[bytes]:
    import torch

    weights = {"w": torch.ones(2, 2)}
    best = {"score": 0.5, "step": 2, "weights": weights}
    optimiser: dict[str, object] = {"state": {}, "param_groups": []}
    state = {"version": 1, "step": 3, "model": weights, "optimiser": optimiser, "scaler": {},
             "average": None, "records": [{"step": 3.0, "loss": 0.5}], "best": best}  # fmt: skip
    return _saved(state)


def _saved(state: object) -> Sequence[bytes]:
    """As torch saves it today, and as it did before."""
    import torch

    made = []
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save(state, file, _use_new_zipfile_serialization=zipped)
        made.append(file.getvalue())
    return made


def _recipe(content: bytes, folder: Path) -> None:
    path = written(content, folder, "recipe.toml")
    read_table(path)
    for dotted in _CONFIGS:
        try:
            read_toml(catalogue.load_object(dotted), path)
        except UsageError:
            continue


def _recipe_seeds() -> Sequence[bytes]:
    return [
        path.read_bytes()[:3000].rpartition(b"\n")[0]
        for path in sorted((_ROOT / "recipes").glob("*.toml"))
    ] + [b'a = 1\nb = [1, 2]\n[t]\nx = "y"\n[[rows]]\nz = 1979-05-27T07:32:00Z\n']


def _gallery(content: bytes, folder: Path) -> None:
    gallery = read_gallery(written(content, folder, "known.npz"))
    _ = gallery.people
    if gallery.vector_GD.ndim == 2 and len(gallery):
        gallery.identify(np.ones(gallery.vector_GD.shape[1], np.float32), 0.5)
        gallery.forget(gallery.person_G[0])


def _gallery_seeds() -> Sequence[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known.npz"
        vector_GD = np.eye(3, 4, dtype=np.float32)
        write_gallery(
            path, Gallery("0" * 64, "m", "cosine", vector_GD, ("A", "A", "B"), ("1", "2", "3"))
        )
        return [path.read_bytes()]


def _store(content: bytes, folder: Path) -> None:
    path = written(content, folder, "known.gallery")
    verify(VerifyGalleryConfig(gallery=path))
    gallery = read_gallery(path)
    if gallery.vector_GD.ndim == 2 and len(gallery):
        gallery.identify(np.ones(gallery.vector_GD.shape[1], np.float32), 0.5)
    update_gallery(path, lambda old: old.forget(old.person_G[0]) if len(old) else old)


def _store_seeds() -> Sequence[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known.gallery"
        vector_GD = np.eye(3, 4, dtype=np.float32)
        write_gallery(
            path, Gallery("0" * 64, "m", "cosine", vector_GD, ("A", "A", "B"), ("1", "2", "3"))
        )
        return [path.read_bytes()]


def _plan(content: bytes, folder: Path) -> None:
    """The plan and the index of a folder of a teacher's targets."""
    from edgehuman.distill.targets import cache as targets
    from edgehuman.distill.targets.targets import OnTheFly

    key = targets.Key("teacher", "0", 0, "none", "fp32")
    written(content, folder, targets.PLAN)
    targets._read_plan(folder, key, cast(OnTheFly, SimpleNamespace(kinds=())))


_ABOUT = to_json({"weights_sha256": "0" * 64, "target": "cpu"})
_PLAN = to_json(
    {
        "key": {"teacher": "teacher", "samples": "0", "view_seed": 0, "preprocessing": "none",
                "precision": "fp32", "format": 1},
        "shapes": {"embedding": [4]},
        "sparse": False,
        "shard_rows": 8,
    }
)  # fmt: skip

TARGETS: dict[str, Target] = {
    "card": Target(_read_card, lambda: [_card().to_json().encode()], "json"),
    "onnx": Target(_onnx, lambda: [onnx_seed()]),
    "engine-side": Target(_side, side_seeds, "json"),
    "recipe": Target(_recipe, _recipe_seeds, "toml"),
    "gallery": Target(_gallery, _gallery_seeds, "zip"),
    "gallery-store": Target(_store, _store_seeds),
    "weights-card": Target(_weights_card, lambda: [_sealed_weights()], "safetensors"),
    "checkpoint": Target(
        _checkpoint,
        lambda: [_sealed_weights()],
        "safetensors",
        needs="torch",
    ),
    "learnt": Target(
        _learnt, lambda: [_safetensors({"about": _ABOUT})], "safetensors", needs="torch"
    ),
    "weights-foreign": Target(_foreign("model.pth"), _torch_seeds, needs="torch"),
    "weights-index": Target(
        _foreign("model.safetensors.index.json"),
        lambda: [b'{"metadata": {}, "weight_map": {"w": "a.safetensors"}}'],
        "json",
        needs="torch",
    ),
    "targets-plan": Target(_plan, lambda: [_PLAN.encode()], "json", needs="torch"),
    "state": Target(_state, _state_seeds, "zip", needs="torch"),
}
