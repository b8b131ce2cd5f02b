"""`edgehuman import`: the folder loads and computes the same; bad input is a one-line error."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import edgehuman.nets
from edgehuman.cli import main
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_encoder, read_weights
from edgehuman.training.foreign import read_foreign
from edgehuman.training.image.import_settings import ImportConfig
from edgehuman.training.image.import_weights import parse_size
from tests.nets.hash_fill import fill


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A StarNet-S3 as saved by its authors: weights beside settings."""
    network = fill(build("starnet_s3", num_classes=3), gain=0.5)
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("pixels.")}
    path = tmp_path_factory.mktemp("published") / "starnet_s3.pth.tar"
    torch.save({"state_dict": state, "args": argparse.Namespace(lr=3e-3), "epoch": 300}, path)
    return path


def run(path: Path, out: Path, *words: str, arch: str = "starnet_s3") -> int:
    source = () if "--source" in words else ("--source", "starnet")
    return main(["import", str(path), "--arch", arch, "--out", str(out), *source, *words])


def test_import_writes_a_checkpoint_folder(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(published, tmp_path / "s", "--image-size", "96x64", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["image_size"], said["pixels"], said["windows"]) == ([96, 64], "imagenet", None)
    assert said["dropped"] == ["head.weight", "head.bias"]
    _, card = read_weights(tmp_path / "s")
    assert (card.arch, card.input.shape, card.output.dim) == ("starnet_s3", (96, 64, 3), 256)
    assert card.params == said["params"] == 5_493_792
    assert "starnet_s3.pth.tar (sha256 " in card.recipe
    original: Any = fill(build("starnet_s3", num_classes=3), gain=0.5)
    x_NCHW = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        found = edgehuman.nets.load(tmp_path / "s").backbone(x_NCHW)
        assert torch.equal(found[0], original.backbone(x_NCHW)[0])


def wrapped(state: dict[str, Any], how: str) -> dict[str, Any]:
    """As training scripts save a state dict."""
    zeros = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    behind = {f"image_encoder.{name}": tensor for name, tensor in state.items()}
    cases: dict[str, dict[str, Any]] = {
        "model_state_dict": {"epoch": 3, "optimizer": {"state": {}}, "model_state_dict": state},
        "half": {"net": {name: tensor.half() for name, tensor in state.items()}},
        "bf16": {"net": {name: tensor.bfloat16() for name, tensor in state.items()}},
        "lightning": {
            "state_dict": {f"model.{name}": tensor for name, tensor in state.items()},
            "hyper_parameters": {"lr": 0.1},
            "pytorch-lightning_version": "2.4",
        },
        "clip": {**behind, "projector.0.weight": torch.ones(2), "logit_scale": torch.ones(())},
        "ema": {"state_dict": zeros, "state_dict_ema": state},
        "classifier": {**state, "classifier.weight": torch.ones(2, 2)},
    }
    return cases[how]


@pytest.mark.parametrize(
    ("how", "said", "left_out"),
    [
        ("model_state_dict", "weights: model_state_dict", []),
        ("half", "weights: net", []),
        ("bf16", "weights: net", []),
        ("lightning", "names without their prefix model.", []),
        ("clip", "prefix image_encoder.", ["projector.0.weight", "logit_scale"]),
        ("ema", "weights: state_dict_ema, a moving average; state_dict would fit as well", []),
        ("classifier", "left out: ", ["classifier.weight"]),
    ],
)
def test_weights_are_found_in_what_training_scripts_save(
    how: str, said: str, left_out: list[str], published: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    state = read_foreign(published)["state_dict"]
    torch.save(wrapped(state, how), tmp_path / "w.pth")
    assert run(tmp_path / "w.pth", tmp_path / "o") == 0
    told = capsys.readouterr().out
    assert said in told
    assert all(name in told for name in left_out)
    found, _ = read_weights(tmp_path / "o")
    kind = {"half": torch.float16, "bf16": torch.bfloat16}.get(how, torch.float32)
    name = "stages.0.1.f1.conv.weight"
    assert found[name].dtype == torch.float32
    assert torch.equal(found[name], state[name].to(kind).float())


def test_which_takes_the_other_state_dict(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = read_foreign(published)["state_dict"]
    torch.save(wrapped(state, "ema"), tmp_path / "w.pth")
    assert run(tmp_path / "w.pth", tmp_path / "o", "--which", "state_dict") == 0
    assert not read_weights(tmp_path / "o")[0]["stages.0.1.f1.conv.weight"].any()
    assert run(tmp_path / "w.pth", tmp_path / "p", "--which", "model") == 2
    assert "--which model: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "windows", "params"),
    [
        ((), (7, 14, 7), 5_071_764),
        (("--image-size", "256x128"), (8, 8, 4), 5_067_264),
        (("--image-size", "256x128", "--windows", "7", "14", "7"), (7, 14, 7), 5_071_764),
    ],
)
def test_imported_windows_are_published_or_tile_the_size(
    tmp_path: Path, words: tuple[str, ...], windows: tuple[int, ...], params: int
) -> None:
    stock = build("tinyvit_5m", windows=(7, 14, 7)).state_dict()
    state = {k.replace("norm.", "head.norm.", k.startswith("norm.")): v for k, v in stock.items()}
    save_file({k: v for k, v in state.items() if "pixels" not in k}, tmp_path / "t.safetensors")
    path = tmp_path / "t.safetensors"
    assert run(path, tmp_path / "t", "--source", "timm", *words, arch="tinyvit_5m") == 0
    network = edgehuman.nets.load(tmp_path / "t")
    assert network.windows == windows
    assert read_weights(tmp_path / "t")[1].params == params
    # Training at another size can still start from it.
    other: Any = build("tinyvit_5m", seed=1)
    load_encoder(other, tmp_path / "t", "tinyvit_5m")
    assert torch.equal(
        other.stages[0].blocks[0].conv1.conv.weight, stock["stages.0.blocks.0.conv1.conv.weight"]
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--image-size", "256"), "--image-size is '256'; give HEIGHTxWIDTH"),
        (("--image-size", "16x16"), "at least 32x32"),
        (("--windows", "7", "14", "7"), "--windows needs a TinyViT; starnet_s3 has no windows"),
        (("--source", "mae"), "--source mae has no StarNet; its weights come from timm, starnet"),
        (("--arch", "starnet_s4"), "Did you mean 'starnet_s3'"),
        (("--arch", "imuconv_288k"), "reads a ImuWindow"),
        (("--arch", "vit_tiny", "--source", "timm"), "Its keys are those of a StarNet"),
    ],
)
def test_wrong_flags_end_in_one_line(
    published: Path, tmp_path: Path, words: tuple[str, ...], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(published, tmp_path / "s", *words) in (1, 2)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_a_folder_in_use_is_refused(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(published, tmp_path / "s") == 0
    before = (tmp_path / "s" / "model.safetensors").read_bytes()
    assert run(published, tmp_path / "s") == 2
    assert "already holds a checkpoint" in capsys.readouterr().err
    assert (tmp_path / "s" / "model.safetensors").read_bytes() == before


class Surprise:
    """Code that a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("surprise",)


def test_files_without_weights_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"model": Surprise()}, tmp_path / "code.pth")
    with pytest.raises(CheckpointError, match="holds more than tensors and plain values"):
        read_foreign(tmp_path / "code.pth")
    assert "surprise" not in capsys.readouterr().out
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="holds a list; give a file with a state dict"):
        read_foreign(tmp_path / "list.pth")
    for name in ("text.pth", "text.safetensors", "empty.pt"):
        (tmp_path / name).write_text("hello" if "text" in name else "")
        with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
            read_foreign(tmp_path / name)
    with pytest.raises(CheckpointError, match="no such file"):
        read_foreign(tmp_path / "nowhere.pth")
    with pytest.raises(CheckpointError, match="a folder; give the weights file"):
        read_foreign(tmp_path)


def test_sizes_are_height_by_width() -> None:
    assert parse_size("256x128") == (256, 128)
    with pytest.raises(UsageError, match="--image-size is '256x'"):
        parse_size("256x")


def test_the_import_config_keeps_its_values() -> None:
    config = ImportConfig(Path("a.pth"), "timm", "vit_tiny", Path("out"))
    assert (config.image_size, config.windows, config.pixels) == (None, None, "auto")
