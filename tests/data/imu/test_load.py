"""Every published layout, on small trees: recognised, read, canonical; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.data.imu.load import layouts, load_recordings, load_windows, recognise
from edgehuman.errors import DataError, UsageError

Tree = Callable[[str], Path]
WEARABLES = [name for name, row in DATASETS.items() if row.modality == "imu"]
PUBLISHED = [name for name in WEARABLES if name not in ("gait10", "geotec")]
CONTINUOUS = [name for name in PUBLISHED if name != "uci_har"]


def test_every_catalogued_dataset_has_a_reader_of_that_name() -> None:
    assert {layout.dataset for layout in layouts()} == {*WEARABLES, "recordings"}


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_a_published_layout_is_recognised_also_one_folder_down(dataset: str, tree: Tree) -> None:
    root = tree(dataset)
    assert recognise(root) == dataset
    assert recognise(root.parent) == dataset


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_windows_are_g_and_rads_at_50_hz(dataset: str, tree: Tree) -> None:
    windows = load_windows(tree(dataset), dataset)
    assert windows.imu_NTC.shape[1:] == (128, 6)
    assert windows.imu_NTC.dtype == np.float32
    assert windows.dataset == (dataset,)
    # Lying on its back, z is about +1 g, whatever the device calls it.
    assert np.median(windows.imu_NTC[:, :, 2]) == pytest.approx(1.0, abs=0.03)
    # The shaking is 1 Hz: 50 samples from one peak to the next.
    z = windows.imu_NTC[0, :, 2] - windows.imu_NTC[0, :, 2].mean()
    assert int(np.argmax(np.correlate(z, z, "full")[127 + 25 : 127 + 75])) + 25 == pytest.approx(
        50, abs=1
    )
    assert len(set(windows.subject_N.tolist())) == (4 if dataset == "uci_har" else 2)
    assert windows.label_N.max() >= 0


@pytest.mark.parametrize("dataset", CONTINUOUS)
def test_recordings_are_canonical_with_a_label_per_sample(dataset: str, tree: Tree) -> None:
    recordings = load_recordings(tree(dataset))
    assert {recording.rate_hz for recording in recordings} == {50.0}
    for recording in recordings:
        assert recording.label_T.shape == (len(recording.imu_TC),)
        assert np.abs(recording.imu_TC[:, 3]).max() <= 0.5 * 5 + 0.01
        assert np.isfinite(recording.imu_TC).all()


def test_recordings_of_one_person(tree: Tree) -> None:
    root = tree("hapt")
    assert [part.subject for part in load_recordings(root, subject="2")] == ["uci30:2"]
    assert [part.subject for part in load_recordings(root, subject="uci30:1")] == ["uci30:1"]
    with pytest.raises(DataError, match=r"no subject '7'; valid: uci30:1, uci30:2"):
        load_recordings(root, subject="7")


def test_the_hop_sets_how_many_windows(tree: Tree) -> None:
    root = tree("hapt")
    # 400 samples: starts 0, 64, .., 256 and 0, 128, 256.
    assert len(load_windows(root)) == 2 * 5
    assert len(load_windows(root, hop=128)) == 2 * 3
    with pytest.raises(DataError, match="hop is 0"):
        load_windows(root, hop=0)


def test_another_dataset_than_the_one_named_is_refused(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"given as 'wisdm2019', but it looks like 'hapt'"):
        load_windows(tree("hapt"), dataset="wisdm2019")
    with pytest.raises(UsageError, match="Did you mean 'hapt'"):
        load_windows(tree("uci_har"), dataset="hatp")


def test_uci_har_has_no_recordings(tree: Tree) -> None:
    with pytest.raises(DataError, match="has windows, not continuous recordings"):
        load_recordings(tree("uci_har"))


def test_a_missing_path_an_archive_and_a_strange_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load_windows(tmp_path / "nowhere")
    archive = tmp_path / "UCI HAR Dataset.zip"
    archive.write_bytes(b"PK")
    with pytest.raises(DataError, match="is an archive; unpack it"):
        load_windows(archive)
    (tmp_path / "photos").mkdir()
    with pytest.raises(
        DataError, match="a folder with nothing in it; no known dataset has this layout"
    ):
        load_windows(tmp_path / "photos")
    (tmp_path / "photos" / "x.npz").write_bytes(b"")
    with pytest.raises(DataError, match="holds several data files; give one"):
        load_windows(tmp_path / "photos")


def test_nothing_as_long_as_a_window(tree: Tree) -> None:
    root = tree("hapt")
    for file in (root / "RawData").glob("*_exp*"):
        file.write_text("\n".join(file.read_text().splitlines()[:100]) + "\n")
    with pytest.raises(DataError, match="no stretch is as long as a window of 128 samples"):
        load_windows(root)


def test_wrong_units_are_refused(tree: Tree) -> None:
    root = tree("hapt")
    for file in (root / "RawData").glob("acc_*"):
        np.savetxt(file, np.loadtxt(file) * 9.80665)
    with pytest.raises(DataError, match=r"9\.8\d* g.*look like m/s² instead of the published g"):
        load_windows(root)
    with pytest.raises(DataError, match="look like m/s² instead of the published g"):
        load_recordings(root)


@pytest.mark.slow
def test_a_simulated_placement_also_jogs_and_an_unknown_one_is_named() -> None:
    windows = load_windows("simulated:wrist", hop=512)
    assert windows.dataset == ("simulated",)
    assert "jogging" in windows.labels
    waist = load_windows("simulated", hop=512)
    assert not np.array_equal(windows.imu_NTC[:9], waist.imu_NTC[:9])
    with pytest.raises(UsageError, match=r"unknown placement 'nose'; valid: waist, pocket"):
        load_windows("simulated:nose")


def test_the_word_simulated() -> None:
    windows = load_windows("simulated", hop=512)
    assert windows.dataset == ("simulated",)
    assert windows.labels[:2] == ("walking", "walking_upstairs")
    assert 0 < windows.is_test_N.sum() < len(windows)
    with pytest.raises(DataError, match="`edgehuman data simulate` writes recordings"):
        load_recordings("simulated")
