"""SAIP's expert is asked once for all students; what it said gives the loss that asking gives."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import edgehuman
from edgehuman.distill.saip import kept
from edgehuman.distill.saip.settings import DistilSaipConfig
from edgehuman.distill.targets import cache
from edgehuman.errors import DataError
from edgehuman.nets.checkpoint import read_card
from edgehuman.outcome import Outcome
from edgehuman.pretrain.saip import saip
from edgehuman.pretrain.saip.expert import load_expert
from edgehuman.pretrain.saip.saip import Keeping, Saip
from edgehuman.pretrain.saip.settings import SaipConfig
from edgehuman.training.checkpoint import save_weights
from tests.own_networks import MyBackbone

PHOTOS, DRAWS = 10, 3
PLAIN: dict[str, Any] = {
    "arch": "tests.own_networks:MyBackbone",
    "steps": 8,
    "batch": 4,
    "lr": 1e-3,
    "threads": 1,
    "workers": 0,
    "height": 64,
    "width": 32,
    "local_views": 1,
    "head_width": 16,
    "decoder_width": 32,
    "decoder_depth": 1,
    "log_every": 1,
    "save_every": 100,
}
LEAN: dict[str, Any] = {"csr_encoder": "student", "css": 0.0}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(PHOTOS):
        image_HWC = random.integers(0, 256, (80, 40, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image_HWC)
    return folder


@pytest.fixture
def expert(tmp_path: Path) -> Path:
    """A network of random weights, seed 5, as a checkpoint."""
    config = SaipConfig(out=tmp_path / "expert", seed=5, **PLAIN)
    torch.manual_seed(5)
    network = MyBackbone(image_size=(64, 32))
    card = saip.backbone_card(config, network, ())
    save_weights(config.out, network.state_dict(), card)
    return config.out


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Persons in each forward of the expert, also by the objectives that need it in each step."""
    found: list[int] = []
    monkeypatch.setattr(cache, "CHECKED", 10)
    load = load_expert

    def counted(folder: Path) -> Any:
        network: Any = load(folder)
        for name in ("features", "masked_features"):
            inner = getattr(network, name)

            def call(x_NCHW: Any, *rest: Any, inner: Any = inner) -> Any:
                found.append(len(x_NCHW))
                return inner(x_NCHW, *rest)

            monkeypatch.setattr(network, name, call)
        return network

    monkeypatch.setattr(saip, "load_expert", counted)
    return found


def run(photos: Path, expert: Path, out: Path, **changes: Any) -> Outcome:
    values = {**PLAIN, "targets": out.parent / "kept", "draws": DRAWS, **LEAN, **changes}
    return edgehuman.train(DistilSaipConfig(out=out, data=str(photos), teacher=expert, **values))


def losses(outcome: Outcome) -> dict[str, float]:
    return {name: outcome.data[name] for name in ("csm", "csr")}  # type: ignore[call-overload]


def test_a_second_student_does_not_ask_the_expert(
    photos: Path, expert: Path, tmp_path: Path, asked: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    first = run(photos, expert, tmp_path / "a")
    # Both large views of every draw, and one row to see what is to come.
    assert sum(asked) == 2 * PHOTOS * DRAWS + 2
    said = capfd.readouterr().err
    assert f"{PHOTOS * DRAWS} targets of {expert} (embedding): 0.0 MB" in said
    assert "still run" not in said
    asked.clear()
    second = run(photos, expert, tmp_path / "b")
    assert sum(asked) == 2 * PHOTOS * DRAWS // 10  # one row of ten is checked
    assert losses(second) == losses(first)
    asked.clear()
    other = run(photos, expert, tmp_path / "c", arch="starnet_s100")
    assert sum(asked) == 2 * PHOTOS * DRAWS // 10
    assert losses(other) != losses(first)
    teachers = read_card(tmp_path / "c").teachers
    assert [each.name for each in teachers] == [str(expert)]


def test_kept_and_asked_answers_give_the_same_losses(
    photos: Path, expert: Path, tmp_path: Path
) -> None:
    """The same draws, with the expert asked in each step: float16 is all that is between them."""

    def asking(model: Saip, source: Any) -> Any:
        def told(index_N: Any, number_N: Any) -> Any:
            rows = [
                source.large(np.array([index]), number)
                for index, number in zip(index_N.tolist(), number_N.tolist(), strict=True)
            ]
            with torch.no_grad():
                said: Any = model.answer(torch.from_numpy(np.concatenate(rows))).numpy()
            return said

        return told

    one = run(photos, expert, tmp_path / "a", steps=1)
    values = {**PLAIN, **LEAN, "steps": 1}
    config = SaipConfig(out=tmp_path / "b", data=str(photos), teacher=expert, **values)
    other = saip.train(config, None, Keeping(DRAWS, asking))
    for name, value in losses(one).items():
        assert losses(other)[name] == pytest.approx(value, rel=2e-3), name
    # And as `forward` asks by itself, where nothing is told.
    nobody: Any = lambda model, source: None  # noqa: E731
    last = saip.train(dataclasses.replace(config, out=tmp_path / "c"), None, Keeping(DRAWS, nobody))
    for name, value in losses(last).items():
        assert losses(other)[name] == pytest.approx(value, rel=1e-5), name


def test_the_other_objectives_still_ask(
    photos: Path, expert: Path, tmp_path: Path, asked: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    whole = {"csr_encoder": "expert", "css": 1.0, "persons": 2, "steps": 2}
    run(photos, expert, tmp_path / "a", **whole)
    assert "the expert is still run in each step for csr and css" in capfd.readouterr().err
    # A masked view and a picture of each person in each step, beside what is kept.
    assert sum(asked) == 2 * PHOTOS * DRAWS + 2 + 2 * (4 + 4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "view seed 0, not 1"),
        ({"height": 96}, "preprocessing"),
        ({"autocast": "bf16"}, "precision fp32, not bf16 on cpu"),
    ],
)
def test_targets_of_other_views_are_refused(
    photos: Path, expert: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    run(photos, expert, tmp_path / "a", steps=1)
    with pytest.raises(DataError, match=f"holds the targets of another run: .*{said}"):
        run(photos, expert, tmp_path / "b", steps=1, **changes)


def test_more_images_are_another_set(photos: Path, expert: Path, tmp_path: Path) -> None:
    run(photos, expert, tmp_path / "a", steps=1)
    (photos / "more.png").write_bytes((photos / "0.png").read_bytes())
    with pytest.raises(DataError, match="holds the targets of another run: samples"):
        run(photos, expert, tmp_path / "b", steps=1)


def test_an_image_that_cannot_be_read_is_named(photos: Path, expert: Path, tmp_path: Path) -> None:
    (photos / "3.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3\.png is empty .* With --targets every image"):
        run(photos, expert, tmp_path / "a")


def test_without_targets_it_is_saip_itself(
    photos: Path, expert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def train(*words: Any) -> Outcome:
        given.append(words)
        return Outcome({}, "")

    monkeypatch.setattr(saip, "train", train)
    config = DistilSaipConfig(out=tmp_path / "a", data=str(photos), teacher=expert, **PLAIN)
    kept.train(config)
    plain = SaipConfig(out=tmp_path / "b", data=str(photos), **PLAIN)
    kept.train(plain, [])
    assert given == [(config, None), (plain, [])]
