"""Table 5: which pictures each row is pretrained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip import sources as page
from edgehuman.bench.pages.saip.sources import SourcesConfig, build, rows_of
from edgehuman.errors import UsageError
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = leave_out_trainings(monkeypatch)

    def collected(work: Path, sources: Any) -> Path:
        return work / "+".join(source.name for source in sources)

    monkeypatch.setattr(page, "collected", collected)
    return found


def small(out: Path, **changes: Any) -> SourcesConfig:
    fields = {"people": 10, "images": 48, "tasks": ("parsing",)}
    return SourcesConfig(out=out, **{**fields, **changes})


def test_rows_differ_in_the_pictures_alone(asked: Asked, tmp_path: Path) -> None:
    rows = table_of(build(small(tmp_path)).text)
    assert [Path(config.data).name for config in of(asked, "pretrain")] == [
        "objects-48", "people-48", "marred-48", "marred-96", "marred-192",
        "marred-48+objects-48", "marred-48+people-48", "marred-48+people-48+objects-48",
    ]  # fmt: skip
    assert len({config.steps for config in of(asked, "pretrain")}) == 1
    assert rows["marred-x4"] == ["192", "simulated", "LUP4M", "75.0", "52.4", "1"]


def test_passes_make_steps_of_the_number_of_pictures(asked: Asked, tmp_path: Path) -> None:
    build(small(tmp_path, epochs=3.0, rows=("people", "marred-x2")))
    # 48 and 96 pictures in batches of 24.
    assert [config.steps for config in of(asked, "pretrain")] == [6, 12]


def test_real_pictures_where_there_are_any(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "ccp").mkdir()
    rows = rows_of(small(tmp_path, photos=tmp_path / "ccp"))
    assert [row.name for row in rows][-2:] == ["photos", "people+photos"]
    assert rows[-1].cells == ("96", "simulated + real (Clothing Co-Parsing)", "-")
    with pytest.raises(UsageError, match=r"--video absent\.mp4 does not exist"):
        small(tmp_path, video=Path("absent.mp4"))
    with pytest.raises(UsageError, match="--rows is"):
        small(tmp_path, rows=("photos",))
