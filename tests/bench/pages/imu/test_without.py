"""A recipe less one dataset: the other sets keep their shares, and its people are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.imu import without
from edgehuman.bench.pages.imu.without import FILES, model_without, words_without
from edgehuman.config import read_table
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

RECIPE = Path(without.__file__).resolve().parents[3] / "recipes" / "activity_zoo.toml"


def listed(words: list[str]) -> dict[str, list[str]]:
    """Words by flag."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word[2:]] = current = []
        else:
            current.append(word)
    return found


@pytest.mark.parametrize("dataset", FILES)
def test_the_other_sets_keep_their_share_and_their_frame(dataset: str) -> None:
    table = read_table(RECIPE)
    found = listed(words_without(dataset, RECIPE, Path("here")))
    names = [Path(name).name for name in found["data"]]
    assert not set(names) & set(FILES[dataset])
    assert len(names) == len(table["data"]) - len(FILES[dataset])
    assert {Path(name).parent for name in found["data"] if name.endswith(".npz")} == {Path("here")}
    told = dict(
        zip(table["data"], zip(table["balance"], table["frames"], strict=True), strict=True)
    )
    for name, share, frame in zip(names, found["balance"], found["frames"], strict=True):
        assert (float(share), frame) == told[name]


def test_a_recipe_without_the_dataset_is_told() -> None:
    with pytest.raises(UsageError, match=r"saip_ccp.toml does not train on dsads; its data: "):
        words_without("dsads", RECIPE.with_name("saip_ccp.toml"), Path("here"))


@pytest.mark.parametrize(("dataset", "stream"), [("dsads", "here/hapt_raw.npz"), ("uci_har", None)])
def test_it_is_trained_and_exported_once_and_never_streams_what_is_left_out(
    dataset: str, stream: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    asked: list[Any] = []

    def trained(config: Any) -> Outcome:
        asked.append(config)
        return Outcome({"metrics": {}}, "")

    def exported(config: Any) -> None:
        asked.append(config)
        config.out.write_bytes(b"made")

    monkeypatch.setattr("edgehuman.tasks.imu.activity.train", trained)
    monkeypatch.setattr("edgehuman.export.export.export", exported)
    for _ in range(2):
        path = model_without(dataset, Path("here"), tmp_path, RECIPE)
    training, export = asked
    assert training.stream_data == stream
    assert not training.read_test
    assert (path, export.out) == (tmp_path / f"{dataset}.onnx",) * 2
    assert Path(export.checkpoint) == training.out == tmp_path / dataset
