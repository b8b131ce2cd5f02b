"""What an export begins with; and that small skeleton networks of both kinds leave in every
precision: parity, robustness, an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.samples import Samples
from edgehuman.errors import UsageError
from edgehuman.export import export as artefact
from edgehuman.export import networks
from edgehuman.export.export import ExportConfig, export
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import to_onnx
from edgehuman.export.proof.judge import answers
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.nets.skeleton.gaitpt import GaitPt
from edgehuman.records import Float32
from edgehuman.runtime.model import load
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from edgehuman.training.checkpoint import save_weights

FRAMES = 16
KINDS: Mapping[str, Callable[[], GaitPt | GaitFormer]] = {
    "gaitpt": lambda: GaitPt((4, 8, 16, 32), (1, 1, 1, 1), (1, 2, 4, 8), 32, frames=FRAMES),
    "gaitformer": lambda: GaitFormer(32, 1, 2, frames=FRAMES),
}
Exported = tuple[GaitPt | GaitFormer, Card, onnx.ModelProto]


def walks(people: int = 12) -> Float32:
    """Four simulated walks of everyone."""
    return simulate_skeletons(people, 4, seed=0, frames=FRAMES).skeleton_NTJ3


@pytest.fixture(scope="module", params=KINDS)
def exported(request: pytest.FixtureRequest) -> Exported:
    """A network of each kind, its card, and its graph, traced once."""
    torch.manual_seed(0)
    network = KINDS[request.param]().eval()
    output = OutputSpec("embedding", distance="cosine", dim=network.width)
    card = Card("g", "gait-embedding", "made", 0, 0, skeleton_input(FRAMES), output)
    return network, card, to_onnx(network, card)


@pytest.fixture
def tiny_gait(monkeypatch: pytest.MonkeyPatch, exported: Exported) -> None:
    """Every checkpoint is the small network, and every `--data` simulated walks."""
    network, card, model = exported
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed: (network, card))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: model)
    person_N = np.array([str(i // 4) for i in range(48)])
    made = Samples(walks(), np.full(48, -1), person_N, "walks")
    monkeypatch.setattr(artefact, "load_samples", lambda card, data: made)


def test_the_graph_computes_what_the_network_computes_for_any_batch(exported: Exported) -> None:
    network, _, model = exported
    skeleton_NTJ3 = walks(2)
    # Joints that were lost, a frame without anybody, nobody at all.
    skeleton_NTJ3[1, FRAMES // 2, 1:9] = 0
    skeleton_NTJ3[2, 3] = 0
    skeleton_NTJ3[3] = 0
    session = open_session(model)
    for batch in (1, 2, 8):
        given = run(session, skeleton_NTJ3[:batch])
        np.testing.assert_allclose(given, answers(network, skeleton_NTJ3[:batch]), atol=2e-5)
        assert np.isfinite(given).all()


def test_the_projection_head_of_training_stays_behind(exported: Exported) -> None:
    _, _, model = exported
    names = {tensor.name for tensor in model.graph.initializer}
    assert any("stages.0" in name or "layers.0" in name for name in names)
    assert not any("head." in name for name in names)


def test_rotary_tables_are_constants(exported: Exported) -> None:
    _, _, model = exported
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Sin", "Cos", "Range", "Loop", "If", "Scan", "GatherND"}


@pytest.mark.usefixtures("tiny_gait")
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_every_precision_passes_its_gate_and_runs(tmp_path: Path, precision: str) -> None:
    path = tmp_path / "g.onnx"
    asked = ExportConfig(
        "any",
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=24,
        calibration="minmax",
        max_drop=5.0,
        out=path,
    )
    said = export(asked).data
    assert isinstance(said, dict)
    assert said["metric"] == "neighbour_similarity"
    assert said["parity"]["cosine_mean"] > 0.98
    model = load(path)
    assert model.card.input == skeleton_input(FRAMES)
    assert model.logits(walks(1)).shape == (4, 32)
    assert np.isfinite(model.logits(np.zeros((1, FRAMES, 18, 3), np.float32))).all()


@pytest.mark.usefixtures("tiny_gait")
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_an_engine_is_built_on_this_cpu(tmp_path: Path, precision: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    config = ExportConfig(
        "any",
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=24,
        calibration="minmax",
        max_drop=5.0,
        out=tmp_path / "x.engine",
    )
    assert isinstance(export(config).data, dict)
    assert (tmp_path / "x.engine").stat().st_size > 10_000


def test_a_checkpoint_comes_back_with_its_projection_head(tmp_path: Path) -> None:
    network, card = networks.random_network("gaitformer_1", seed=3)
    save_weights(tmp_path / "kept", network.state_dict(), card)
    loaded, found = load_network(tmp_path / "kept")
    assert found.input == skeleton_input(32)
    record = torch.from_numpy(walks(1))
    with torch.inference_mode():
        torch.testing.assert_close(loaded(record), network(record))
    assert isinstance(loaded, GaitFormer)
    assert isinstance(network, GaitFormer)
    torch.testing.assert_close(loaded.head[0].weight, network.head[0].weight)


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        ("zoo:activity", "zoo:activity is exported already; export takes a checkpoint folder"),
        ("runs/x.engine", r"runs/x\.engine is exported already"),
        ("runs/nowhere", "runs/nowhere: no such folder"),
        ("gaitformer_0", "unknown network 'gaitformer_0'. Did you mean"),
    ],
)
def test_what_is_neither_a_folder_nor_a_name(checkpoint: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        networks.load(checkpoint, seed=0)


@pytest.mark.parametrize(
    ("name", "kind", "dim"),
    [
        ("imuconv_288k", "classes", None),
        ("gaitformer_1", "embedding", 64),
        ("vit_tiny", "embedding", 192),
    ],
)
def test_random_weights_are_seeded_and_say_so(name: str, kind: str, dim: int | None) -> None:
    network, card = networks.load(name, seed=3)
    other, _ = networks.load(name, seed=4)
    again, _ = networks.load(name, seed=3)
    assert (card.name, card.arch, card.random_weights) == (name, name, True)
    assert (card.output.kind, card.output.dim) == (kind, dim)
    weights, same = network.state_dict(), again.state_dict()
    assert all(torch.equal(weights[key], same[key]) for key in weights)
    assert any(not torch.equal(weights[key], tensor) for key, tensor in other.state_dict().items())
