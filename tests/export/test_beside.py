"""A network that pictures and sentences share is exported as two graphs that belong together."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from edgehuman.bench.evaluate.checkpoint_engine import open_checkpoint
from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import UsageError
from edgehuman.export import networks
from edgehuman.export.beside import options_for
from edgehuman.export.export import ExportConfig, export
from edgehuman.nets.image.heads import EmbeddingHead, person_net
from edgehuman.nets.image.sentences import SearchNet, TextEncoder, text_card
from edgehuman.preprocess.image.bpe import CONTEXT, FIRST_BYTE, LEAST
from edgehuman.runtime.image.sentences import sentences_of
from edgehuman.runtime.model import load
from edgehuman.training.checkpoint import save_weights

Precision = Literal["fp32", "fp16", "int8"]
SAID = ["a woman in a red coat", "black jacket", "word " * 200]
CARD = Card(
    "words",
    "text-reid",
    "tests.own_networks:MyBackbone",
    1,
    1,
    image_input(64, 32),
    OutputSpec("embedding", distance="cosine", dim=12),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint and a folder of people with captions."""
    root = tmp_path_factory.mktemp("words")
    torch.manual_seed(0)
    images = person_net(CARD.arch, CARD.output, (64, 32))
    assert isinstance(images.head, EmbeddingHead)
    merges = ((FIRST_BYTE + 32, FIRST_BYTE + 97),)
    network = SearchNet(images.encoder, images.head, TextEncoder(merges, 12, 64, 1))
    save_weights(root / "run", network.state_dict(), CARD)
    simulate_people_folder(root / "people", 8, 2, 0)
    return root / "run", root / "people"


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_both_graphs_give_what_the_checkpoint_gives(
    precision: Precision, made: tuple[Path, Path], tmp_path: Path
) -> None:
    run, people = made
    config = ExportConfig(
        str(run), precision=precision, data=str(people), out=tmp_path / "w.onnx", samples=16,
        max_drop=60.0, calibration="minmax",
    )  # fmt: skip
    data = dict(export(config).data)
    assert data["files"] == [str(tmp_path / "w.onnx"), str(tmp_path / "w.text.onnx")]
    assert data["text"]["precision"] == data["precision"] == precision
    model, own = load(tmp_path / "w.onnx"), open_checkpoint(run)
    found, expected = (sentences_of(each).vectors(SAID) for each in (model, own))
    least = {"fp32": 1 - 1e-6, "fp16": 0.999, "int8": 0.95}[precision]
    assert (found * expected).sum(axis=1).min() > least
    image_NHWC = np.random.default_rng(0).integers(0, 256, (2, 64, 32, 3)).astype(np.uint8)
    assert (model.logits(image_NHWC) * own.logits(image_NHWC)).sum(axis=1).min() > least
    assert sentences_of(model).bpe.merges == sentences_of(own).bpe.merges


@pytest.mark.long
@pytest.mark.parametrize("arch", ["starnet_s100_k3", "starnet_s3", "tinyvit_5m", "vit_tiny"])
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_both_graphs_of_every_backbone_build_engines(
    arch: str, precision: Precision, made: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    card = CARD.replace(arch=arch, input=image_input(64, 64))
    images = person_net(arch, card.output, (64, 64))
    assert isinstance(images.head, EmbeddingHead)
    network = SearchNet(images.encoder, images.head, TextEncoder((), 12, 64, 1))
    save_weights(tmp_path / "run", network.state_dict(), card)
    config = ExportConfig(
        str(tmp_path / "run"), format="tensorrt", engine="tensorrt-rtx", capability=(86,),
        precision=precision, data=str(made[1]), out=tmp_path / "w.engine", samples=16,
        max_drop=100.0, calibration="minmax",
    )  # fmt: skip
    data = dict(export(config).data)
    made_in = {"fp16": "fp16", "int8": "int8-tensorrt"}[precision]
    assert data["text"]["precision"] == data["precision"] == made_in
    for name in ("w.engine", "w.text.engine"):
        assert (tmp_path / name).stat().st_size > 50_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "tensorrt", "on_device": True}, "a bundle holds one"),
    ],
)
def test_a_form_that_holds_one_graph_is_refused(
    changes: dict[str, object], said: str, made: tuple[Path, Path], tmp_path: Path
) -> None:
    config = ExportConfig(str(made[0]), out=tmp_path / "w", **changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=f"has two graphs.*{said}"):
        export(config)


def test_another_precision_of_one_of_two_graphs_needs_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "load_network", lambda path: (torch.nn.Identity(), CARD))
    with pytest.raises(UsageError, match="is one of two graphs; another precision is exported"):
        networks.load(str(tmp_path / "words.onnx"), 0)


def test_an_engine_of_sentences_takes_every_length() -> None:
    words = ExportConfig("any", format="tensorrt", length=(100, 100, 128))
    text = text_card(CARD, TextEncoder((), 12, 64, 1))
    assert options_for(words, text).length == (LEAST, 32, CONTEXT)
    assert options_for(words, CARD).length == (100, 100, 128)
