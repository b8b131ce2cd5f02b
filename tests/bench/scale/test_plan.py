"""A plan of a table, of this machine, with laws and without; every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.bench import BenchConfig, bench
from edgehuman.bench.budget.latencies import Accuracy, as_json, read_table
from edgehuman.bench.contestants import entries_of, open_contestant
from edgehuman.bench.latency import measure
from edgehuman.bench.scale.fit import FitConfig, fit
from edgehuman.bench.scale.plan import PlanConfig, plan
from edgehuman.bench.scale.points import POINTS, Point, write_points
from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.install import code_line
from edgehuman.outcome import Outcome
from edgehuman.runtime.zoo import zoo_names
from tests import leaving
from tests.bench.budget.tables import made_row, made_table
from tests.bench.budget.test_curve import a_law, written

MakeModel = Callable[..., Path]
F1 = (Accuracy("macro_f1", 0.9, "uci_har"),)
LOW_F1 = (Accuracy("macro_f1", 0.8, "uci_har"),)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def board(tmp_path: Path) -> str:
    """Two models of a task, one slow and better; one of another task."""
    rows = (
        made_row("zoo:a", 6.0, accuracy=F1),
        made_row("zoo:a-int8", 2.0, precision="int8", accuracy=LOW_F1),
        made_row("zoo:pose", 20.0, task="pose"),
    )
    (tmp_path / "board.json").write_text(as_json(made_table(*rows)))
    return str(tmp_path / "board.json")


def rows_of(outcome: Outcome) -> dict[str, dict[str, Any]]:
    assert isinstance(outcome.data, dict)
    return {row["model"]: row for row in outcome.data["rows"]}


def test_a_plan_of_a_table_of_another_machine(board: str) -> None:
    outcome = plan(PlanConfig(8.0, device=board, people=2, fps=25.0))
    rows = rows_of(outcome)
    assert outcome.exit_code == 0
    assert [rows[name]["fits"] for name in ("zoo:a", "zoo:a-int8", "zoo:pose")] == [
        *("no", "yes", "no")
    ]  # 2 x 9, 2 x 3, 2 x 30 ms
    assert rows["zoo:a-int8"]["frame_ms"]["p95"]["value"] == 6.0
    assert rows["zoo:a-int8"]["busy"] == pytest.approx(0.1)
    assert rows["zoo:pose"]["fits_core"] is False  # 2 x 20 ms of every 40
    assert {row["latency"] for row in rows.values()} == {"measured"}
    assert rows["zoo:a"]["pareto"] is rows["zoo:a-int8"]["pareto"] is True
    assert isinstance(outcome.data, dict)
    assert outcome.data["device"]["board"] == "Board 1"
    assert outcome.data["laws"]["said"].startswith("no laws given: run `edgehuman scale fit")
    assert outcome.data["laws"]["said"] in outcome.text


def test_a_budget_that_nothing_meets_names_the_fastest(board: str) -> None:
    outcome = plan(PlanConfig(1.0, device=board))
    assert outcome.exit_code == 1
    assert isinstance(outcome.data, dict)
    fastest = outcome.data["fastest"]["activity"]
    assert (fastest["model"], fastest["frame_ms"]) == ("zoo:a-int8", 3.0)
    assert "nothing fits into 1 ms; the fastest there is:" in outcome.text
    assert "activity: zoo:a-int8 int8 takes 3.000 ms at p95" in outcome.text


def test_what_cannot_keep_up_serves_nobody(board: str) -> None:
    outcome = plan(PlanConfig(1000.0, device=board, people=25, fps=25.0))
    assert {row["fits"] for row in rows_of(outcome).values()} == {"yes"}
    assert outcome.exit_code == 1  # 25 x 2 ms of every 40
    assert "fits into 1000 ms and keeps up with 25 frames a second; the fastest" in outcome.text


def test_a_task_or_models_alone(board: str) -> None:
    assert [*rows_of(plan(PlanConfig(8.0, device=board, task="pose")))] == ["zoo:pose"]
    assert [*rows_of(plan(PlanConfig(8.0, ("zoo:a",), device=board)))] == ["zoo:a"]


def test_a_network_that_the_table_lacks_is_refused_in_its_row(board: str) -> None:
    row = rows_of(plan(PlanConfig(8.0, device=board, arch="imuconv_4m")))["imuconv_4m"]
    assert (row["latency"], row["frame_ms"], row["fits"]) == ("refused", None, "unknown")
    assert "2 measured" not in row["why"]
    assert "1 measured, and it takes 3" in row["why"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"budget_ms": 0.0}, "--budget-ms is 0.0; it must be above 0"),
        ({"budget_ms": float("nan")}, "--budget-ms is nan"),
        ({"budget_ms": float("inf")}, "--budget-ms is inf"),
        ({"people": 0}, "--people is 0"),
        ({"fps": -1.0}, "--fps is -1.0"),
        ({"threads": 0}, "--threads is 0"),
        ({"have": 3.0}, "--have is for laws; give --laws too"),
        ({"fresh": True, "device": "a.json"}, "--fresh is for --device cpu"),
    ],
)
def test_words_that_cannot_be(words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PlanConfig(**{"budget_ms": 8.0, **words})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"task": "cooking"}, "--task is 'cooking'; no such model here: activity, pose"),
        ({"arch": "imuconv_9"}, "unknown network 'imuconv_9'. Did you mean"),
        ({"models": ("zoo:b",)}, "has no such measurement; it has zoo:a, zoo:a-int8, zoo:pose"),
        ({"threads": 3}, "no such measurement.*threads 1"),
    ],
)
def test_what_the_table_does_not_have(board: str, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan(PlanConfig(8.0, **{"device": board, **words}))


def test_another_file_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema": "x"}')
    with pytest.raises(DataError, match="has the schema 'x'"):
        plan(PlanConfig(8.0, device=str(tmp_path / "x.json")))


# Laws ---------------------------------------------------------------------------------------------


def test_laws_say_what_more_people_would_buy(board: str, tmp_path: Path) -> None:
    laws = written(tmp_path, a_law(group={"arch": "imuconv_292k"}))
    outcome = plan(PlanConfig(8.0, device=board, laws=laws, have=50.0))
    assert isinstance(outcome.data, dict)
    [place] = outcome.data["laws"]["places"]
    assert place["predicted"] == pytest.approx(50**-0.5)
    assert [each["state"] for each in place["more"]] == ["within", "extrapolated"]
    [found] = rows_of(outcome)["zoo:a"]["place"]
    assert found == {"law": 0, "metric": "loss", "predicted": pytest.approx(50**-0.5)}
    assert "!: EXTRAPOLATED, no points" in outcome.text
    assert "0.1! x 0.500" not in outcome.text
    assert "0.1 x 0.707 (0.660 to 0.758)" in outcome.text
    # 50^-.5 is 0.1414, and twice as much gives 0.1: 1 - 2^-.5 is 29 %.
    bought = "twice the people: 50 to 100: loss (arch imuconv_292k) from 0.1414 to 0.1, 29 % lower"
    assert f"{bought}, between -34 and -24 %\n" in f"{outcome.text}\n"
    assert json.dumps(outcome.data)


def test_a_law_is_not_extrapolated_silently(board: str, tmp_path: Path) -> None:
    laws = written(tmp_path, a_law())
    with pytest.raises(UsageError, match=r"--have 500 people is outside .* 4 to 100"):
        plan(PlanConfig(8.0, device=board, laws=laws, have=500.0))


def test_what_the_law_cannot_say_is_said_in_words(board: str, tmp_path: Path) -> None:
    flat = a_law(exponent=-0.01, interval=[-0.05, 0.03], parameters={"a": 1.0, "b": 0.01})
    text = plan(PlanConfig(8.0, device=board, laws=written(tmp_path, flat))).text
    assert ", 0.69 % lower, between -3.4 and +2.1 %: perhaps nothing; beyond what was" in text
    ends = a_law(form="P = a log2 people + E", y="rank1", parameters={"a": 0.1, "E": 0.1})
    text = plan(PlanConfig(8.0, device=board, laws=written(tmp_path, ends))).text
    assert "twice the people: 100 to 200: rank1" in text
    assert "is not known, as its form ends with its points" in text


def test_what_there_is_moves_the_laws_of_people_alone(board: str, tmp_path: Path) -> None:
    laws = written(tmp_path, a_law(), a_law(x="hours", range=[1, 9]), a_law(x="flops"))
    outcome = plan(PlanConfig(8.0, device=board, laws=laws, have=25.0))
    assert isinstance(outcome.data, dict)
    assert [each["today"] for each in outcome.data["laws"]["places"]] == [25.0, 9.0, 100.0]


@pytest.mark.parametrize(
    ("over", "said"), [(("params",), "none of the laws is over data"), (("hours", "D"), "D, hours")]
)
def test_what_there_is_must_be_of_one_law(
    board: str, tmp_path: Path, over: tuple[str, ...], said: str
) -> None:
    laws = written(tmp_path, *(a_law(x=x) for x in over))
    with pytest.raises(UsageError, match=said):
        plan(PlanConfig(8.0, device=board, laws=laws, have=25.0))


def test_what_the_fit_writes_is_what_the_plan_reads(board: str, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    people = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
    points = [
        Point(f"c{i}", arch="imuconv_292k", sampling="user", people=x, loss=x**-0.2, simulated=True)
        for i, x in enumerate(people)
    ]
    (tmp_path / "sweep").mkdir()
    write_points(tmp_path / "sweep" / POINTS, points)
    fit(FitConfig(tmp_path / "sweep", out=tmp_path / "laws", draws=100))
    outcome = plan(PlanConfig(8.0, device=board, laws=tmp_path / "laws", have=64.0))
    [found] = rows_of(outcome)["zoo:a"]["place"]
    assert found["predicted"] == pytest.approx(64**-0.2, rel=1e-3)
    assert isinstance(outcome.data, dict)
    two, four = outcome.data["laws"]["places"][0]["more"]
    assert (two["state"], two["ratio"]) == ("within", pytest.approx(2**-0.2, rel=1e-3))
    assert (four["state"], four["x"]) == ("extrapolated", pytest.approx(256.0))


# Files and this machine ---------------------------------------------------------------------------


def test_the_folder_has_the_plan_as_text_json_and_a_picture(board: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    outcome = plan(PlanConfig(8.0, device=board, out=tmp_path / "out"))
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        *("plan.json", "plan.png", "plan.txt")
    ]
    assert json.loads((tmp_path / "out/plan.json").read_text())["budget_ms"] == 8.0
    assert outcome.text.startswith((tmp_path / "out/plan.txt").read_text().rstrip())


def test_this_machine_is_timed_when_asked(
    make_model: MakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["plan", str(make_model()), "--device", "cpu", "--budget-ms", "1000", "--rounds", "2"]
    assert main([*words, "--people", "3", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["latency"], row["fits"], row["threads"]) == ("measured", "yes", 1)
    assert row["batch"] * row["calls"] == 3


@pytest.mark.slow
def test_it_imports_nothing_of_the_training_half(make_model: MakeModel) -> None:
    words = ["plan", str(make_model()), "--budget-ms", "1000", "--rounds", "1", "--json"]
    check = "{'torch', 'scipy', 'onnx', 'sklearn', 'matplotlib'} & set(sys.modules)"
    run = f"import sys\nfrom edgehuman.cli import main\nassert main({words!r}) == 0"
    code = f"{run}\nassert not {check}"
    done = leaving.run(code_line(code), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "no laws given: run `edgehuman scale fit" in json.loads(done.stdout)["laws"]["said"]


@pytest.mark.slow
def test_a_table_that_bench_saves_is_what_plan_reads(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehuman.bench import bench as report

    monkeypatch.setattr(report, "footprint", lambda entry: "not here")
    monkeypatch.setattr(report, "open_meter", lambda: (None, "no counter here"))
    model, save = str(make_model()), tmp_path / "here.json"
    outcome = bench(BenchConfig((model,), rounds=1, save=save))
    bench(BenchConfig((model,), rounds=1, batch=4, save=save))
    assert isinstance(outcome.data, dict)
    table = read_table(save)
    assert [(row.batch, row.calls, row.params) for row in table.rows] == [
        (1, 20, 2307),
        (4, 20, 2307),
    ]
    [said] = outcome.data["rows"]
    assert table.rows[0].p50.value == said["latency_ms"]["p50"]["value"]
    row = rows_of(plan(PlanConfig(1000.0, device=str(save), people=4)))[model]
    assert row["batch"] * row["calls"] == 4


def fresh_p50s(names: list[str], rounds: int) -> dict[str, float]:
    """Medians by the clock of `edgehuman bench`, all interleaved."""
    entries = [entries_of(name, ("onnxruntime",), 1, 0, Path())[0] for name in names]
    found = {}
    for shape in {entry.shape for entry in entries}:  # one run takes one kind of record
        same = [entry for entry in entries if entry.shape == shape]
        sample = same[0].noise(64, seed=1)
        opened = [open_contestant(entry, sample[:1]) for entry in same]
        for entry, timing in zip(same, measure(opened, sample, rounds), strict=True):
            found[entry.model] = timing.p50_ms
    return found


@pytest.mark.long
def test_a_plan_agrees_with_a_fresh_measurement_within_15_percent() -> None:
    """Of the wearables' and the pose models of the zoo; on a busy machine both measure longer."""
    names = [name for name in zoo_names() if name.startswith(("zoo:activity", "zoo:person-pose"))]
    for rounds in (20, 40, 60):
        rows = rows_of(plan(PlanConfig(1000.0, tuple(names), rounds=rounds, fresh=True)))
        fresh = fresh_p50s(names, 2 * rounds)
        off = {name: rows[name]["call_ms"]["p50"]["value"] / fresh[name] - 1 for name in names}
        if max(map(abs, off.values())) <= 0.15:
            break
    assert max(map(abs, off.values())) <= 0.15, off


def test_more_people_than_a_frame_holds_are_refused() -> None:
    with pytest.raises(UsageError, match="--people is 1000000000; it must be from 1 to 1,000,000"):
        PlanConfig(budget_ms=5.0, people=10**9)
