"""`edgehuman scale fit`, as it is called: what it prints, writes and refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.scale.fit import FitConfig, fit
from edgehuman.bench.scale.points import Point, write_points
from edgehuman.errors import DataError, UsageError
from edgehuman.install import code_line
from tests import leaving


def _table(folder: Path, text: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def sweep(folder: Path, protocol: str = "p") -> Path:
    """Three folds, users and random, two networks, five amounts, two seeds: 120 runs."""
    rng = np.random.default_rng(0)
    points = []
    for fold in range(3):
        for sampling, b in (("user", 0.05), ("random", 0.02)):
            for arch, params in (("imuvit_512x5", 1_000_000), ("imuvit_1024x5", 4_000_000)):
                for share in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0):
                    for seed in range(2):
                        hours = 100 * share
                        loss = (0.05 + 0.01 * fold) * hours**-b * params**-0.01
                        loss *= float(np.exp(0.002 * rng.standard_normal()))
                        name = f"{fold}-{sampling}-{arch}-{share:g}-{seed}"
                        points.append(
                            Point(
                                *(name, "mae", arch, sampling, share, seed, str(fold)),
                                params=params,
                                hours=hours,
                                items=hours * 1000,
                                people=60 * share,
                                loss=loss,
                                protocol=protocol,
                                metrics={"f1": min(0.99, 0.5 + 0.05 * float(np.log(hours)))},
                                trials={"f1": 1000},
                            )
                        )
    write_points(folder / "points.csv", points)
    return folder


def test_the_laws_of_a_sweep(tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = fit(FitConfig(sweep(tmp_path), x="hours", metric="", draws=200, out=out))
    assert isinstance(outcome.data, dict)
    laws = outcome.data["laws"]
    pooled = {
        law["group"]["sampling"]: law
        for law in laws
        if law["group"].get("fold") == "all 3" and law["group"]["arch"] == "best of 2"
    }
    assert pooled["user"]["exponent"] == pytest.approx(-0.05, abs=0.004)
    assert pooled["random"]["exponent"] == pytest.approx(-0.02, abs=0.004)
    single = [law for law in laws if law["y"] == "loss" and law["group"].get("fold") == "0"]
    assert len(single) == 6  # two samplings: the best network, and each of two
    assert {law["form"] for law in single} == {"L = a hours^-b"}
    assert all(law["held_out"]["x"] == pytest.approx(100.0) for law in single)
    apart = [row for row in outcome.data["contrasts"] if "user less random" in row["what"]]
    assert apart
    assert all(row["interval"][1] < 0 for row in apart if row["y"] == "loss")  # steeper by users
    assert any("joint law" in reason for reason in outcome.data["not_fitted"])
    assert any(law["y"] == "f1" for law in laws)
    assert "Checklist of loss" in outcome.text
    assert "protocol p" in outcome.text
    assert outcome.text.index("Largest points") < outcome.text.index("Laws")
    assert json.loads((out / "laws.json").read_text(encoding="utf-8"))["laws"]
    assert (out / "laws.txt").read_text(encoding="utf-8") == outcome.text


def test_a_user_s_joint_law(tmp_path: Path) -> None:
    n, d = (each.ravel() for each in np.meshgrid(np.geomspace(1, 64, 5), np.geomspace(1, 64, 6)))
    loss = (0.3 + 0.5 * n**-0.3 + 0.7 * d**-0.4) * np.exp(
        0.001 * np.random.default_rng(0).standard_normal(30)
    )
    rows = "".join(f"{a},{b},{c}\n" for a, b, c in zip(n, d, loss, strict=True))
    outcome = fit(FitConfig(_table(tmp_path, f"N,D,loss\n{rows}"), draws=100))
    assert isinstance(outcome.data, dict)
    (joint,) = [law for law in outcome.data["laws"] if law["x"] == "N, D"]
    assert joint["parameters"]["alpha"] == pytest.approx(0.3, abs=0.02)
    assert joint["parameters"]["beta"] == pytest.approx(0.4, abs=0.02)
    assert joint["exponent"]["D"] == -joint["parameters"]["beta"]
    assert joint["held_out"]["inside"]
    assert joint["approach_3"]["starts_agreeing"] > 27


def test_groups_of_a_user_s_table(tmp_path: Path) -> None:
    text = "x,y,group\n1,8,a\n4,4,a\n16,2,a\n1,9,b\n4,3,b\n16,1,b\n1,2,c\n"
    outcome = fit(FitConfig(_table(tmp_path, text), draws=100))
    assert isinstance(outcome.data, dict)
    laws = {law["group"]["group"]: law for law in outcome.data["laws"]}
    assert laws["a"]["exponent"] == pytest.approx(-0.5)
    assert laws["b"]["exponent"] == pytest.approx(-np.log(3) / np.log(4))
    assert outcome.data["not_fitted"] == [
        "y against x, group c: all 1 points have one value of x; a law needs 3"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n2,1\n", "2 values of x; a law needs 3"),
        ("x,y\n3,2\n3,1\n3,4\n", "no amount varies over the 1 points"),
        ("x,y,group\n3,2,a\n3,1,b\n3,4,c\n", "no amount varies"),
        ("x,y\n1,2\n2,1\n4,-1\n", "line 4: y is -1"),
        ("x,y\n1e300,2\n2,1\n4,1\n", "line 2: x is 1e300; it must be from 1e-30 to 1e+30"),
        ("x,y\n" + "".join(f"{k},1\n" for k in range(1, 1010)), "1,009 cells; at most 1,000"),
        ("x,y\n1,2\n1.01,1\n1.02,3\n", "x spans 1.02 times; a law needs 1.1 times"),
        ("x,y\n1,1e-20\n1.2,1\n1.4,1e20\n", "which is no law of these"),
    ],
)
def test_too_few_and_bad_points_are_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        fit(FitConfig(_table(tmp_path, text)))
    assert said in str(refused.value)


def test_what_cannot_be_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no points\.csv; give the folder of a sweep"):
        fit(FitConfig(tmp_path))
    folder = sweep(tmp_path)
    with pytest.raises(UsageError, match="--x is 'colour'; it must be one of people, hours"):
        fit(FitConfig(folder, x="colour"))
    with pytest.raises(DataError, match="not all points have flops"):
        fit(FitConfig(folder, x="C"))
    with pytest.raises(UsageError, match="no metric"):
        fit(FitConfig(folder, metric="mAP"))
    write_points(tmp_path / "points.csv", [Point("a", status="failed"), Point("b", seed=1)])
    with pytest.raises(DataError, match=r"no point is done and has a loss or a metric.* exam"):
        fit(FitConfig(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n" + "".join(f"{k},2\n" for k in range(1, 9)),  # nothing changes
        "x,accuracy\n1,0\n2,0\n4,0\n8,0\n",
        "x,accuracy,trials\n1,0,10\n2,1,10\n4,1,10\n8,0.5,10\n",
        "x,y\n1e-30,1e30\n2,1e-29\n4,1e-28\n1e28,1e-30\n1e30,1\n3,1\n5,2\n",
        "N,D,loss\n" + "".join(f"{4**a},{4**b},1\n" for a in range(5) for b in range(6)),
        "N,D,loss\n" + "".join(f"{4**a},{4**b},{4**a}\n" for a in range(5) for b in range(6)),
    ],
)
def test_strange_points_are_fitted_without_a_warning_of_numpy(text: str, tmp_path: Path) -> None:
    outcome = fit(FitConfig(_table(tmp_path, text), draws=100))
    assert isinstance(outcome.data, dict)
    assert outcome.data["laws"]
    for law in outcome.data["laws"]:
        if law["x"] == "N, D":
            assert law["warnings"]  # there is no such law, and each says why


@pytest.mark.parametrize("words", [{"level": 1.0}, {"draws": 5}, {"seed": -1}])
def test_flags_outside_their_range_are_refused(words: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="it must be"):
        FitConfig(Path("x"), **words)  # type: ignore[arg-type]


def test_a_fit_imports_no_torch(tmp_path: Path) -> None:
    path = _table(tmp_path, "x,y\n1,8\n4,4\n16,2\n")
    code = (
        "import sys; from pathlib import Path; from edgehuman.bench.scale.fit import *; "
        f"fit(FitConfig(Path({str(path)!r}), draws=100)); "
        "sys.exit('torch' in sys.modules)"
    )
    done = leaving.run(code_line(code))
    assert done.returncode == 0, done.stderr
    assert sys.modules  # this process may have it; the other must not


@pytest.mark.parametrize("trials", ["1e30", "0.3", "0", "-5", "9.5"])
def test_trials_are_whole_numbers(tmp_path: Path, trials: str) -> None:
    rows = "".join(f"{x},{y},{trials}\n" for x, y in ((1, 0.2), (2, 0.4), (4, 0.5), (8, 0.6)))
    (tmp_path / "p.csv").write_text(f"x,accuracy,trials\n{rows}")
    with pytest.raises(DataError, match=r"line 2: trials is .*; it must be a whole number >= 1"):
        fit(FitConfig(tmp_path / "p.csv", draws=100))


def test_the_least_x_is_of_one_x() -> None:
    with pytest.raises(UsageError, match="--least 5 is of one x; add --x, such as --x people"):
        FitConfig(Path("points.csv"), least=5.0)
    with pytest.raises(UsageError, match="least"):
        FitConfig(Path("points.csv"), x="people", least=-1.0)
