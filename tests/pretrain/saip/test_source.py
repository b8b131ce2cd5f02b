"""Training views: reproducible per step; the card names the source."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from edgehuman.data.image.pack import PackConfig, pack
from edgehuman.data.image.unlabelled.shards import LOST
from edgehuman.data.image.views.load import ViewConfig
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import DataError, UsageError
from edgehuman.pretrain.saip.source import PersonViews, require_enough
from edgehuman.training.processes import Place

PLACE = Place(torch.device("cpu"), 0, 1, torch.float32)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(6):
        image_HWC = random.integers(0, 256, (80, 40, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image_HWC)
    return folder


def opened(data: str, batch: int = 4) -> PersonViews:
    return PersonViews(data, ViewConfig(64, 32, num_locals=1), batch, workers=0, seed=0)


def test_views_depend_on_the_step_only(photos: Path) -> None:
    views, again = opened(str(photos)), opened(str(photos))
    global_NVHWC, local_NVHWC = views.tensors(3, PLACE)
    assert global_NVHWC.shape == (4, 2, 64, 32, 3)
    assert local_NVHWC.shape == (4, 2, 32, 16, 3)
    assert global_NVHWC.dtype == torch.uint8
    again.tensors(0, PLACE)
    assert torch.equal(again.tensors(3, PLACE)[0], global_NVHWC)
    assert not torch.equal(again.tensors(4, PLACE)[0], global_NVHWC)
    views.close()


def test_shards_left_out_are_listed_whenever_they_went(photos: Path, tmp_path: Path) -> None:
    pack(PackConfig(str(photos), tmp_path / "s", shard_size=2))
    whole = opened(str(tmp_path / "s"))
    assert whole.skipped == {}
    (tmp_path / "s" / "shard-000001.tar").write_bytes(b"another")
    with pytest.raises(DataError, match=r"shard-000001\.tar: has 7 bytes, but .* by its index"):
        opened(str(tmp_path / "s"))
    views = PersonViews(
        str(tmp_path / "s"), ViewConfig(64, 32, num_locals=1), 4, workers=0, seed=0, on_bad="skip"
    )
    assert [Path(name).name for name in views.skipped] == ["shard-000001.tar"]
    assert len(views.images) == 4
    views.tensors(0, PLACE)
    # A remote one that went after opening is known by its images.
    assert views._loader is not None
    views._loader.corrupt[0] = f"{LOST}shard-000000.tar: gone"
    assert len(views.skipped) == 2
    views.close()


def test_unreadable_images_are_counted_and_the_card_names_the_source(photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    views = opened(str(photos), batch=7)
    assert views.num_corrupt == 0
    views.tensors(0, PLACE)
    assert views.num_corrupt == 1
    row = views.row()
    assert (row.dataset, row.windows, row.simulated) == ("photos", 7, False)
    known = views.row("ccp")
    assert (known.dataset, known.windows) == ("ccp", 7)
    assert known.licence.startswith("Apache-2.0")
    assert known.url.startswith("https://")
    simulated = opened("simulated").row()
    assert simulated.simulated
    assert simulated.dataset == "simulated person images"


def test_too_few_images_are_refused(photos: Path) -> None:
    views = opened(str(photos))
    require_enough(views, str(photos), 6)
    with pytest.raises(DataError, match=r"has 6 images, but a step needs 7 different persons"):
        require_enough(views, str(photos), 7)


def test_a_simulated_folder_belongs_to_no_dataset(tmp_path: Path) -> None:
    simulate_people_folder(tmp_path / "p", people=2, each=4, seed=0)
    pack(PackConfig(str(tmp_path / "p"), tmp_path / "shards"))
    for name in ("p", "p/images", "shards"):
        views = opened(str(tmp_path / name))
        row = views.row()
        assert (views.simulated, row.simulated, row.windows) == (True, True, 8)
        with pytest.raises(UsageError, match=r"--dataset is ccp, but 8 of the 8 images of --data"):
            views.row("ccp")
    lines = (tmp_path / "p" / "labels.jsonl").read_text().splitlines()
    lines[0] = lines[0].replace('"simulated": true', '"simulated": false')
    (tmp_path / "p" / "labels.jsonl").write_text("\n".join(lines))
    pack(PackConfig(str(tmp_path / "p"), tmp_path / "mixed"))
    for name in ("p", "mixed"):
        mixed = opened(str(tmp_path / name))
        assert (mixed.row().simulated, mixed.row().dataset) == (False, f"{name} (7 of 8 simulated)")
        with pytest.raises(UsageError, match="7 of the 8 images"):
            mixed.row("ccp")


def test_what_is_told_comes_with_the_draw_that_is_shown(photos: Path) -> None:
    """Six images, three a step, in two draws: the third epoch shows and tells as the first."""
    views = PersonViews(
        str(photos), ViewConfig(64, 32, num_locals=1), 3, workers=0, seed=0, draws=2
    )
    views.told = lambda index_N, number_N: np.stack([index_N, number_N], 1).astype(np.float32)
    large_NVHWC, _, told_N2 = views.tensors(3, PLACE)
    assert told_N2[:, 1].tolist() == [1, 1, 1]
    index_N = told_N2[:, 0].long().numpy()
    assert np.array_equal(views.large(index_N, 1), large_NVHWC.numpy())
    assert not np.array_equal(views.large(index_N, 0), large_NVHWC.numpy())
    (photos / "2.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"2\.png is empty.* With --targets every image"):
        views.large(np.arange(6), 0)
