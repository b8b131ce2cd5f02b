"""`edgehuman scale plot`: the files it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.bench.figures.parts import Figure
from edgehuman.bench.scale.plot import PICTURES, PlotConfig, plot
from edgehuman.errors import DataError, UsageError
from tests.bench.figures.sweeps import full_sweep


def _not_drawn(figure: Figure) -> bytes:
    return figure.name.encode()


@pytest.mark.parametrize(
    "really",
    [False, pytest.param(True, marks=pytest.mark.long)],  # twelve pictures take seconds
)
def test_the_figures_of_a_sweep_are_written_with_their_page(
    really: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not really:
        monkeypatch.setattr("edgehuman.bench.scale.plot.draw", _not_drawn)
    out = tmp_path / "figures"
    folder = full_sweep(tmp_path)
    outcome = plot(PlotConfig(folder, out=out, draws=100))
    assert isinstance(outcome.data, dict)
    assert outcome.data["simulated"]
    names = {each["file"] for each in outcome.data["figures"]}
    assert len(names) >= 11
    assert names <= {f"{name}.png" for name in PICTURES}
    assert {path.name for path in out.iterdir()} == {*names, "index.html", "laws.json"}
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(names)
    assert f"edgehuman scale plot {folder}" in page
    assert "edgehuman pretrain --arch gaitformer_1" in page
    assert json.loads((out / "laws.json").read_text(encoding="utf-8"))["laws"]


def test_a_user_s_table_gives_its_curves_and_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    table, out = tmp_path / "mine.csv", tmp_path / "out"
    table.write_text("x,y,group\n1,8,a\n4,4,a\n16,2,a\n64,1,a\n", encoding="utf-8")
    out.mkdir()
    (out / "loss_by_data.png").write_bytes(b"of an earlier run")
    outcome = plot(PlotConfig(table, out=out, draws=100))
    assert {path.name for path in out.iterdir()} == {"curves.png", "index.html", "laws.json"}
    assert "curves.png" in outcome.text


def test_other_files_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years", encoding="utf-8")
    with pytest.raises(UsageError, match=r"contains other files \(thesis.tex\)"):
        plot(PlotConfig(tmp_path / "mine.csv", out=tmp_path))


def test_bad_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out is missing"):
        PlotConfig(tmp_path)
    with pytest.raises(UsageError, match="--draws is 1"):
        PlotConfig(tmp_path, out=tmp_path / "out", draws=1)
    with pytest.raises(DataError, match=r"has no points\.csv"):
        plot(PlotConfig(tmp_path, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()
