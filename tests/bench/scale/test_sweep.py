"""Sweeps: the cells of a grid, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.scale.names import cell_name, words_of
from edgehuman.bench.scale.sweep import read_sweep, without_a_value
from edgehuman.config import resolve
from edgehuman.errors import UsageError
from edgehuman.pretrain.mae_settings import MaeConfig
from tests.bench.scale.trained import sweep_file

SKIP = "[[skip]]\nsubset = 1.0\nsubset_by = 'random'\n"
GRID = f"subset = [1.0, 0.5]\nsubset_by = ['user', 'random']\nseed = [0, 1]\n{SKIP}"
PROBE = """
[[downstream]]
name = "ucihar"
metrics = ["macro_f1", "accuracy"]
trials = { accuracy = 2947 }
only = { subset = [1.0] }
flags = { task = "activity", mode = "probe" }
"""


def test_every_combination_is_a_cell_but_those_that_are_skipped(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path, GRID))
    assert [cell.name for cell in sweep.cells] == [
        "subset=1+subset_by=user+seed=0",
        "subset=1+subset_by=user+seed=1",
        "subset=0.5+subset_by=user+seed=0",
        "subset=0.5+subset_by=user+seed=1",
        "subset=0.5+subset_by=random+seed=0",
        "subset=0.5+subset_by=random+seed=1",
    ]
    assert sweep.axes["subset"] == ("1", "0.5")
    config = sweep.cells[3].config
    assert isinstance(config, MaeConfig)
    assert (config.subset, config.subset_by, config.seed, config.steps) == (0.5, "user", 1, 20)


def test_a_cells_words_give_its_config(tmp_path: Path) -> None:
    for cell in read_sweep(sweep_file(tmp_path, GRID)).cells:
        words = cell.words(tmp_path / "train")
        assert words[:3] == ["pretrain", "--method", "mae"]
        config = resolve(MaeConfig, words[3:])
        assert config.flops
        assert words_of(config) == words[3:]
        assert config.out == tmp_path / "train"


def test_an_axis_of_several_flags(tmp_path: Path) -> None:
    grid = "seed = [0]\n[grid.augment]\nnone = {}\nfull = { rotation_deg = 20.0, scale = 0.1 }"
    plain, full = read_sweep(sweep_file(tmp_path, grid)).cells
    assert (plain.name, full.name) == ("seed=0+augment=none", "seed=0+augment=full")
    assert isinstance(plain.config, MaeConfig)
    assert isinstance(full.config, MaeConfig)
    assert (plain.config.rotation_deg, full.config.rotation_deg, full.config.scale) == (0, 20, 0.1)


def test_a_fine_tuning_is_of_the_cells_that_it_names(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path, f"{GRID}\n{PROBE}"))
    assert [len(cell.downstream) for cell in sweep.cells] == [1, 1, 0, 0, 0, 0]
    assert sweep.cells[0].downstream[0].trials == {"accuracy": 2947}


def test_cells_of_one_protocol_judge_alike(tmp_path: Path) -> None:
    def protocol(grid: str, more: str = "") -> str:
        return read_sweep(sweep_file(tmp_path, grid, more)).protocol

    usual = protocol("seed = [0]")
    assert usual == protocol("seed = [1, 2]\nlr = [1e-3, 1e-4]")
    assert usual == protocol("seed = [0]", "weight_decay = 0.1")
    assert usual != protocol("seed = [0]", "valid_share = 0.3")
    assert usual != protocol("seed = [0]", "hop = 32")


def test_how_all_of_the_data_is_drawn_does_not_matter(tmp_path: Path) -> None:
    both = "subset_by=user.seed=0 and subset=1.subset_by=random.seed=0 are the same training"
    with pytest.raises(UsageError, match=both):
        read_sweep(sweep_file(tmp_path, GRID.replace(SKIP, "")))


def test_a_name_is_a_folders_and_no_other_cells() -> None:
    assert cell_name({"a": "x/../y"}) != cell_name({"a": "x_.._y"})
    assert "/" not in cell_name({"a": "x/../y"})
    long = cell_name({"data": "z" * 500})
    assert len(long) == 100
    assert long != cell_name({"data": "z" * 501})
    assert cell_name({}) == "all"


@pytest.mark.parametrize(
    ("grid", "more", "said"),
    [
        ("seed = [0]\n[grids]\nlr = [1.0]", "", "unknown key 'grids'; valid keys: downstream"),
        ("seeds = [0, 1]", "", "cell seeds=0: unknown key 'seeds'; did you mean 'seed'"),
        ("lr = [1e-3, -1.0]", "", "cell lr=-1: --lr is -1.0; it must be above 0"),
        ("batch = [64]", "", "batch is in .fixed. and in .grid.; remove one"),
        ("out = ['a']", "", "out is set by the sweep itself"),
        ("seed = []", "", "seed is empty; give values, or remove it"),
        ("seed = 3", "", "seed must be a list of values, or a table"),
        ("seed = [1, 1]", "", "seed has a value twice"),
        ("seed = ['many']", "", "cell seed=many: seed is 'many'; it must be int"),
        ("subset_by = ['users']", "", "cell subset_by=users.*'users'.*user"),
        (
            "hop = [64]\n[grid.a]\nx = {lr = 1e-3}\n[grid.b]\ny = {lr = 1e-4}",
            "",
            "b and a both set",
        ),
        ("seed = [0]\n[grid.a]\nx = {}\ny = {}", "", "seed=0.a=x and seed=0.a=y are the same"),
        ("hop = [64]\n[[skip]]\nhop = 32", "", "hop is never 32; it is 64"),
        ("hop = [64]\n[[skip]]\nhope = 32", "", "hope is no axis of .grid.; they are hop"),
        ("hop = [64]\n[[skip]]\nhop = 64", "", "no cell is left"),
        ("hop = [64]\n[[skip]]", "", "is empty, which would be every cell"),
        ("seed = [0]\n[[downstream]]\nname = 'a b'", "", "name is 'a b'; give a word"),
        ("seed = [0]\n[[downstream]]\nname = 'a'", "", "metrics must be a list of names"),
    ],
)
def test_what_is_refused_before_anything_runs(
    tmp_path: Path, grid: str, more: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read_sweep(sweep_file(tmp_path, grid, more))
    assert not (tmp_path / "runs").exists()


def test_a_network_of_another_method_is_refused(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0]")
    path.write_text(path.read_text().replace("imuvit_64x2", "gaitformer_1"))
    with pytest.raises(UsageError, match="pretrained by contrastive, not by mae; give --arch"):
        read_sweep(path)
    path.write_text('method = "magic"\n[grid]\nseed = [0]\n')
    with pytest.raises(UsageError, match="unknown method 'magic'"):
        read_sweep(path)


def test_a_flag_of_several_words_is_a_list(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0]")
    path.write_text(path.read_text().replace('["simulated"]', '"simulated"'))
    with pytest.raises(UsageError, match=r"'simulated'; it must be a list of str, in \[ \]"):
        read_sweep(path)


def test_cells_that_nothing_judges_are_named(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0]\nvalid_share = [0.0, 0.1]")
    assert without_a_value(read_sweep(path)) == ["seed=0+valid_share=0"]
    path = sweep_file(tmp_path, f"valid_share = [0.0]\n{GRID}\n{PROBE}")
    judged = [cell.name for cell in read_sweep(path).cells if cell.downstream]
    assert judged
    assert not set(judged) & set(without_a_value(read_sweep(path)))
    path.write_text('method = "contrastive"\n[grid]\nexam_people = [0, 8]\n')
    assert without_a_value(read_sweep(path)) == ["exam_people=0"]


def test_a_file_from_elsewhere_runs_no_command(tmp_path: Path) -> None:
    for more in ("[fixed]\ndata = ['pipe:rm x']\n[grid]\nseed = [0]", "[grid]\nx = ['pipe:a']"):
        path = tmp_path / "sent.toml"
        path.write_text(f"method = 'mae'\n{more.replace('x =', 'logger =')}\n")
        with pytest.raises(UsageError, match="a command; commands run only where you type them"):
            read_sweep(path)


def test_a_fine_tuning_with_wrong_flags_is_refused(tmp_path: Path) -> None:
    for wrong, said in (
        ("mode = 'prob'", "mode.*'prob'"),
        ("mod = 'probe'", "unknown key 'mod'"),
        ("task = 'activities'", "unknown task 'activities'"),
    ):
        probe = PROBE.replace("mode = 'probe'", "").replace('mode = "probe"', wrong)
        probe = probe if "task = 'act" not in wrong else probe.replace('task = "activity", ', "")
        with pytest.raises(UsageError, match=said):
            read_sweep(sweep_file(tmp_path, f"{GRID}\n{probe}"))
    with pytest.raises(UsageError, match="trials names auc, which is none of its metrics"):
        read_sweep(sweep_file(tmp_path, GRID + PROBE.replace("{ accuracy =", "{ auc =")))


def test_too_many_cells(tmp_path: Path) -> None:
    numbers = ", ".join(map(str, range(200)))
    with pytest.raises(UsageError, match="has 40,000 cells; at most 20,000 are one sweep"):
        read_sweep(sweep_file(tmp_path, f"seed = [{numbers}]\nhop = [{numbers}]"))
