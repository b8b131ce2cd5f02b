from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgehuman.bench.pages.image import person as person_table
from edgehuman.bench.pages.image.person import ROWS, TableConfig, build_table, unlabelled_photos
from edgehuman.config import resolve


@pytest.fixture
def config(tmp_path: Path) -> TableConfig:
    data = tmp_path / "ccp"
    for name in ("photos/0001.jpg", "photos/0002.jpg", "photos/1707.jpg", "masks/0001.png"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(name)
    return TableConfig(data=data, out=tmp_path / "runs", seeds=(0, 1))


def test_pretraining_sees_no_photo_with_a_mask_and_none_of_the_test_part(
    config: TableConfig,
) -> None:
    for _ in range(2):
        folder = unlabelled_photos(config)
        assert [path.name for path in folder.iterdir()] == ["0002.jpg"]
    assert (folder / "0002.jpg").read_text() == "photos/0002.jpg"


def test_the_photos_alone(config: TableConfig) -> None:
    outcome = build_table(dataclasses.replace(config, only_photos=True))
    assert outcome.data == {"photos": str(config.out / "photos"), "count": 1}
    assert [path.name for path in config.out.iterdir()] == ["photos"]


def test_the_table_has_every_row_and_says_how_many_seeds(
    config: TableConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fine_tune(config: TableConfig, arch: str, row: str, seed: int) -> dict[str, float]:
        return {"mean_iou": 0.1 + 0.02 * seed, "mean_accuracy": 0.2}

    config.out.mkdir()
    monkeypatch.setattr(person_table, "fine_tune", fine_tune)
    text = build_table(config).text
    assert [line.split(" | ")[1] for line in text.splitlines()[2:6]] == list(ROWS)
    assert "| tinyvit_5m | CSM | 11.0 ± 1.4 | 20.0 ± 0.0 | 2 |" in text
    assert (config.out / "table.md").read_text() == text


def test_each_row_leaves_out_what_it_says() -> None:
    pytest.importorskip("torch")
    from edgehuman.pretrain.saip.settings import SaipConfig

    weights = {
        row: tuple(
            getattr(resolve(SaipConfig, list(words), Path("recipes/saip_ccp.toml")), name)
            for name in ("csm", "csr", "css")
        )
        for row, words in ROWS.items()
        if words is not None
    }
    assert weights == {
        "CSM": (1.0, 0.0, 0.0),
        "CSM + CSR": (1.0, 1.0, 0.0),
        "CSM + CSR + CSS": (1.0, 1.0, 1.0),
    }
