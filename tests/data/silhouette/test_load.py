"""Sets from every layout: their order, the simulator's words, and sets full of mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.catalogue import DATASETS, RECORDS, datasets_of, load_object
from edgehuman.data.silhouette import load
from edgehuman.data.silhouette.load import layouts, learnable, load_silhouettes
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError, UsageError
from tests.data.silhouette_trees import made_set, records, write_pickle


def test_every_dataset_of_the_catalogue_has_a_layout() -> None:
    names = {layout.dataset for layout in layouts()}
    assert {"casia_b", "oumvlp", "grew", "gait3d", "kth_walk"} == set(datasets_of("silhouette"))
    assert set(datasets_of("silhouette")) < names
    assert load_object(RECORDS["SilhouetteSequence"].layouts)() == layouts()
    assert DATASETS["casia_b"].modality == "skeleton"
    assert datasets_of("silhouette")["casia_b"].modality == "silhouette"


def test_the_simulators_word_may_hold_the_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def simulated(*words: Any) -> SilhouetteSet:
        asked.append(words)
        return made_set()

    monkeypatch.setattr(load, "simulated_set", simulated)
    load_silhouettes("simulated")
    load_silhouettes("simulated:7", seed=3, each=4)
    assert asked == [(100, 6, 0), (7, 4, 3)]
    for word in ("simulated:0", "simulated:many", "simulated:-1"):
        with pytest.raises(UsageError, match="a whole number from 1"):
            load_silhouettes(word)


def test_the_rate_of_files_that_do_not_state_it(tmp_path: Path) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", records(3))
    assert load_silhouettes(tmp_path).rate_hz_N.tolist() == [25.0]
    assert load_silhouettes(tmp_path, rate_hz=12.5).rate_hz_N.tolist() == [12.5]
    with pytest.raises(UsageError, match="rate_hz is 0"):
        load_silhouettes(tmp_path, rate_hz=0.0)


def test_a_set_of_white_backgrounds_is_refused_and_one_walk_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(30):
        frames = records(3) if number else 255 - records(3)
        write_pickle(tmp_path / f"{number + 1:03d}/nm-01/000/000.pkl", frames)
    assert len(load_silhouettes(tmp_path)) == 30
    assert "1 of 30 walks have a white background" in caplog.text
    write_pickle(tmp_path / "002/nm-01/000/000.pkl", 255 - records(3))
    with pytest.raises(DataError, match=r"2 of 30 walks have a white background.*data check"):
        load_silhouettes(tmp_path)
    assert len(load_silhouettes(tmp_path, check=False)) == 30


def test_people_who_are_tested_do_not_train(tmp_path: Path) -> None:
    for name in ("001/nm-01/000", "090/nm-01/000", "090/nm-05/000"):
        write_pickle(tmp_path / name / "a.pkl", records(3))
    walks = load_silhouettes(tmp_path)
    learn = learnable(walks, "here")
    assert learn.person_N.tolist() == ["casia_b:001"]
    np.testing.assert_array_equal(learn.sequence(0), records(3))
    with pytest.raises(DataError, match="evaluate on it"):
        learnable(made_set(), "here")
