"""Own recordings in the forms that people keep them: folders, tables, names, intervals."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate.imu import EvaluateConfig, load_split, to_model_labels
from edgehuman.data.commands import CheckConfig, check
from edgehuman.data.imu.load import find_layout, load_recordings, load_windows
from edgehuman.data.imu.recordings import DATASET, stretches
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.pretrain.mae import pretraining_windows
from edgehuman.pretrain.mae_settings import MaeConfig
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.imu.splits import labelled_splits

HEADER = "t,ax,ay,az,gx,gy,gz"


def rows(seconds: float = 9.0, unit: float = 1.0, seed: int = 0) -> list[str]:
    """Rows at 50 Hz of a sensor that swings, x up; `unit` is one g in the file's unit."""
    t = np.arange(round(50 * seconds)) / 50
    rng = np.random.default_rng(seed)
    imu = 0.02 * rng.standard_normal((len(t), 6))
    imu[:, 0] += 1 + 0.2 * np.sin(9 * t)
    imu[:, 3] += 0.8 * np.sin(9 * t)
    imu[:, :3] *= unit
    return [",".join(f"{v:.4f}" for v in (stamp, *row)) for stamp, row in zip(t, imu, strict=True)]


def write(path: Path, label: str | None = None, unit: float = 1.0) -> Path:
    """A recording of its own: two names, two people's rows."""
    seed = zlib.crc32(str(path).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = rows(unit=unit, seed=seed)
    if label is None:
        path.write_text("\n".join([HEADER, *lines]))
    else:
        path.write_text("\n".join([f"{HEADER},label", *(f"{line},{label}" for line in lines)]))
    return path


def people(folder: Path) -> dict[str, set[str]]:
    """Who is found, and their labels."""
    windows = load_windows(folder)
    return {
        name.partition(":")[2]: {
            windows.labels[i] if i >= 0 else "" for i in windows.label_N[windows.subject_N == name]
        }
        for name in np.unique(windows.subject_N).tolist()
    }


def test_a_file_a_person_with_a_label_column(tmp_path: Path) -> None:
    write(tmp_path / "anna.csv", "Ironing ")
    write(tmp_path / "bob.csv", "ironing")
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    (tmp_path / ".hidden.csv").write_text("nothing")
    assert find_layout(tmp_path)[0].dataset == DATASET
    assert people(tmp_path) == {"anna": {"ironing"}, "bob": {"ironing"}}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("anna/walking_01.csv", "anna/sitting_1.csv"), {"anna": {"walking", "sitting"}}),
        (("anna_walking.csv", "bob_walking_2.csv"), {"anna": {"walking"}, "bob": {"walking"}}),
        (("walking_anna.csv", "sitting_anna.csv"), {"anna": {"walking", "sitting"}}),
        (("walking/anna.csv", "sitting/anna.csv"), {"anna": {"walking", "sitting"}}),
        (("anna/01.csv",), {"anna": {""}}),
        (("jo/jogging_01.csv", "al/walking_2.csv"), {"jo": {"jogging"}, "al": {"walking"}}),
        (("stan/standing.csv", "stan/stan_ironing.csv"), {"stan": {"standing", "ironing"}}),
        (("anna/recording_1.csv", "bob/recording_1.csv"), {"anna": {""}, "bob": {""}}),
        (("anna/ironing.csv", "bob/vacuuming.csv"), {"anna": {"ironing"}, "bob": {"vacuuming"}}),
    ],
)
def test_person_and_activity_in_the_names(
    names: tuple[str, ...], found: dict[str, set[str]], tmp_path: Path
) -> None:
    for name in names:
        write(tmp_path / name)
    assert people(tmp_path) == found


def test_folders_that_may_be_people_or_activities_are_asked_about(tmp_path: Path) -> None:
    for name in ("ironing/anna.csv", "ironing/bob.csv", "vacuuming/anna.csv", "vacuuming/bob.csv"):
        write(tmp_path / name)
    with pytest.raises(DataError, match=r"is 'ironing' a person or an activity\?|is 'vacuuming' a"):
        load_windows(tmp_path)
    for name in ("ironing/anna.csv", "ironing/bob.csv", "vacuuming/anna.csv", "vacuuming/bob.csv"):
        write(tmp_path / name, name.partition("/")[0])
    assert set(people(tmp_path)) == {"ironing", "vacuuming"}


def test_a_table_of_several_people(tmp_path: Path) -> None:
    lines = [
        f"{line},{who},walking" for seed, who in enumerate(("p1", "p2")) for line in rows(seed=seed)
    ]
    (tmp_path / "all.csv").write_text("\n".join([f"{HEADER},subject,activity", *lines]))
    assert people(tmp_path / "all.csv") == {"p1": {"walking"}, "p2": {"walking"}}


@pytest.mark.parametrize("start", [0.0, 1.7e9])
def test_intervals_beside_a_recording(start: float, tmp_path: Path) -> None:
    write(tmp_path / "anna.csv")
    text = f"start,end,label\n{start},{start + 3},Walking\n{start + 3},{start + 9},sitting\n"
    (tmp_path / "anna.labels.csv").write_text(text)
    if start:
        lines = [f"{start + i / 50:.3f},{line.partition(',')[2]}" for i, line in enumerate(rows())]
        (tmp_path / "anna.csv").write_text("\n".join([HEADER, *lines]))
    assert people(tmp_path) == {"anna": {"walking", "sitting", ""}}


def test_intervals_since_the_start_of_a_recording_whose_clock_began_before(tmp_path: Path) -> None:
    lines = [f"{3 + i / 50:.3f},{line.partition(',')[2]}" for i, line in enumerate(rows())]
    (tmp_path / "anna.csv").write_text("\n".join([HEADER, *lines]))
    text = "start,end,label\n0,3,standing\n3,6,walking\n6,9,sitting\n"
    (tmp_path / "anna.labels.csv").write_text(text)
    windows = load_windows(tmp_path, hop=25)
    named = [windows.labels[i] for i in windows.label_N if i >= 0]
    assert list(dict.fromkeys(named)) == ["standing", "walking", "sitting"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from,to\n1,2\n", "its header must be start,end,label"),
        ("start,end,label\n3,1,walking\n", r"line 2: ends at 1 s, before its start 3 s"),
        ("start,end,label\n0:10,0:20,walking\n", "'0:10' and end '0:20' must be seconds"),
        ("start,end,label\n900,950,walking\n", "no row lies in its intervals, 900 to 950 s"),
    ],
)
def test_wrong_intervals_are_told(text: str, message: str, tmp_path: Path) -> None:
    write(tmp_path / "anna.csv")
    (tmp_path / "anna.labels.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        load_windows(tmp_path)


def test_units_are_each_files_own(tmp_path: Path) -> None:
    write(tmp_path / "anna.csv", "walking")
    write(tmp_path / "bob.csv", "walking", unit=9.80665)
    for recording in load_recordings(tmp_path):
        assert np.linalg.norm(recording.imu_TC[:, :3], axis=1).mean() == pytest.approx(1, abs=0.05)


def test_the_split_is_by_person_and_one_person_is_told_what_to_do(tmp_path: Path) -> None:
    for number in range(7):
        write(tmp_path / f"p{number}.csv", "walking")
    windows = load_windows(tmp_path)
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"recordings:p4"}
    alone = tmp_path / "alone"
    write(alone / "anna.csv", "walking")
    with pytest.raises(DataError, match="own recordings of at least two people"):
        labelled_splits([str(alone)], 64, 0.2)
    write(alone / "bob.csv", "walking")
    splits = labelled_splits([str(alone)], 64, 0.2)
    assert {*splits.learn[0].subject_N} == {"recordings:anna"}
    assert {*splits.test.subject_N} == {"recordings:bob"}
    assert not len(splits.select)  # nobody is left to select on


def test_one_person_in_two_spellings_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "files" / "Anna_walking.csv")
    write(tmp_path / "files" / "anna_sitting.csv")
    lines = [f"{line},{who},walking" for who in ("Anna", "anna") for line in rows()]
    table = tmp_path / "all.csv"
    table.write_text("\n".join([f"{HEADER},subject,activity", *lines]))
    for place in (tmp_path / "files", table):
        with pytest.raises(DataError, match="are 'Anna' and 'anna' one person"):
            list(stretches(place))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "WISDM_ar_v1.1_raw.txt",
            "33,Walking,49105962326000,10.12,-0.66,0.54;\n" * 9,
            "is WISDM v1.1 .*accelerometer alone",
        ),
        (
            "train.csv",
            '"tBodyAcc-mean()-X","subject","Activity"\n0.28,1,STANDING\n',
            "561 features of UCI HAR, as Kaggle",
        ),
        ("anna.csv", "t,ax,ay,az\n0,1,0,0\n", "gyroscope|gx"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        load_windows(tmp_path)


def test_a_file_without_rows_is_named(tmp_path: Path) -> None:
    write(tmp_path / "anna.csv", "walking")
    (tmp_path / "bob.csv").write_text(HEADER + "\n")
    with pytest.raises(DataError, match=r"bob\.csv holds no readable row"):
        load_windows(tmp_path)


def checked(folder: Path) -> dict[str, Any]:
    """What `data check --json` says."""
    outcome = check(CheckConfig(folder))
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_every_bad_file_is_named_and_the_others_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna", "bob", "cara"):
        write(tmp_path / f"{name}.csv", "walking")
    (tmp_path / "README.txt").write_text("Recorded at home.")
    assert checked(tmp_path)["ok"]
    assert "README.txt: no recording, passed over" in capsys.readouterr().err
    (tmp_path / "dora.csv").write_text("")
    (tmp_path / "emil.csv").write_text(HEADER + "\n")
    (tmp_path / "fay.csv").write_text("t,ax,ay,az\n0,1,0,0\n")
    found = checked(tmp_path)
    assert (found["people"], found["recordings"], found["hours"]) == (3, 3, 0.01)
    problems = zip(("dora", "emil", "fay"), found["problems"], strict=True)
    assert all(f"{name}.csv" in line for name, line in problems)
    with pytest.raises(DataError, match=r"(?s)dora\.csv.*emil\.csv.*fay\.csv"):
        load_windows(tmp_path)


def test_a_file_alone_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Recorded at home.")
    with pytest.raises(DataError, match=r"notes\.txt"):
        list(stretches(tmp_path / "notes.txt"))


def test_a_recording_that_nothing_can_be_learnt_from_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "anna.csv", "walking")
    lines = [f"{line},{'ab'[i % 2]}" for i, line in enumerate(rows(seed=1))]
    (tmp_path / "bob.csv").write_text("\n".join([f"{HEADER},label", *lines]))
    lines = [f"{line},walking" for line in rows(1.2, seed=2)]
    (tmp_path / "cara.csv").write_text("\n".join([f"{HEADER},label", *lines]))
    assert load_windows(tmp_path)
    assert "cara.csv: 1.18 s, shorter" in capsys.readouterr().err
    bob, cara = checked(tmp_path)["problems"]
    assert "bob.csv: no window of 2.56 s has one label all through" in bob
    assert "cara.csv: 1.2 s at most without a gap" in cara


def test_a_file_that_is_sorted_backwards_is_named(tmp_path: Path) -> None:
    write(tmp_path / "anna.csv", "walking")
    header, *lines = write(tmp_path / "bob.csv", "walking").read_text().splitlines()
    (tmp_path / "bob.csv").write_text("\n".join([header, *lines[::-1]]))
    found = checked(tmp_path)
    assert (found["people"], found["hours"]) == (1, 0.0)  # 9 s
    assert "bob.csv: its rows run backwards in time: 449 of 450" in found["problems"][0]
    with pytest.raises(DataError, match=r"bob\.csv: its rows run backwards"):
        load_windows(tmp_path)


def test_a_recording_that_is_two_peoples_is_refused(tmp_path: Path) -> None:
    text = write(tmp_path / "anna.csv", "walking").read_text()
    (tmp_path / "bob.csv").write_text(text)
    (line,) = checked(tmp_path)["problems"]
    assert "bob.csv holds the same 450 rows as" in line
    with pytest.raises(DataError, match=r"bob\.csv holds the same 450 rows as .*anna\.csv"):
        load_windows(tmp_path)


@pytest.mark.parametrize(
    ("bad", "seconds", "labels", "message"),
    [
        ("bob", 9.0, ("walking", "sitting"), "bob.*no window of 2.56 s has one label all through"),
        ("anna", 9.0, ("walking", "sitting"), "training person(?s:.*)anna.*no window of 2.56 s"),
        ("bob", 1.2, ("walking",), r"no test people(?s:.*)bob\.csv: 1\.2 s at most"),
    ],
)
def test_people_without_a_window_are_refused_before_training(
    bad: str, seconds: float, labels: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    for name in ("anna", "bob"):
        write(tmp_path / f"{name}.csv", "walking")
    lines = [f"{line},{labels[i % len(labels)]}" for i, line in enumerate(rows(seconds))]
    (tmp_path / f"{bad}.csv").write_text("\n".join([f"{HEADER},label", *lines]))
    with pytest.raises(DataError, match=message):
        labelled_splits([str(tmp_path)], 64, 0.2)
    if bad == "bob":
        with pytest.raises(DataError, match=r"bob\.csv: "):
            score_own(tmp_path)


def score_own(folder: Path) -> None:
    windows = load_split(str(folder), None, "test")
    to_model_labels(windows, ("walking", "sitting"), str(folder), shared_only=True)


def test_a_label_that_is_nan_is_none_and_a_number_is_a_name(tmp_path: Path) -> None:
    write(tmp_path / "anna.csv", "NaN")
    write(tmp_path / "bob.csv", "1.0")
    assert people(tmp_path) == {"anna": {""}, "bob": {"1.0"}}
    assert checked(tmp_path)["classes"] == ["1.0"]


DECLARED = {
    "axes": ReadingFlags(axes="-y+x+z"),
    "gyro axes": ReadingFlags(axes="-x-y-z", gyro_axes="+x+y+z"),
    "milli-g": ReadingFlags(accel_unit="mg"),
    "degrees per second": ReadingFlags(gyro_unit="degs"),
    "milliseconds": ReadingFlags(stamp_unit="ms"),
    "no stamps": ReadingFlags(rate_hz=50.0),
}


def as_declared(folder: Path, flags: ReadingFlags) -> Path:
    """The folder as a sensor writes it whose files these flags read."""
    accel, gyro = np.eye(3), np.eye(3)
    if flags.axes == "-y+x+z":  # raw x is y, and raw y is -x
        accel = gyro = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    if flags.axes == "-x-y-z":
        accel = -accel
    accel = accel * (1000 if flags.accel_unit == "mg" else 1)
    gyro = gyro * (180 / np.pi if flags.gyro_unit == "degs" else 1)
    other = folder.parent / "other"
    for file in folder.glob("*.csv"):
        lines = file.read_text().splitlines()[1:]
        table = [line.split(",") for line in lines]
        stamp_T = np.array([float(row[0]) for row in table])
        imu_TC = np.array([[float(value) for value in row[1:7]] for row in table])
        imu_TC = np.hstack([imu_TC[:, :3] @ accel, imu_TC[:, 3:] @ gyro])
        stamp_T = stamp_T * (1000 if flags.stamp_unit == "ms" else 1)
        head = "" if flags.rate_hz else "t,"
        out = [f"{head}ax,ay,az,gx,gy,gz,label"]
        for stamp, row, cells in zip(stamp_T, imu_TC, table, strict=True):
            clock = [] if flags.rate_hz else [f"{stamp:.4f}"]
            out.append(",".join([*clock, *(f"{v:.8g}" for v in row), cells[7]]))
        other.mkdir(exist_ok=True)
        (other / file.name).write_text("\n".join(out))
    return other


@pytest.mark.parametrize("name", DECLARED)
def test_a_folder_in_other_axes_units_or_clocks_gives_the_same_windows_with_the_flags(
    name: str, tmp_path: Path
) -> None:
    for person in ("anna", "bob"):
        write(tmp_path / "usual" / f"{person}.csv", "ironing")
    right = load_windows(tmp_path / "usual")
    flags = DECLARED[name]
    other = str(as_declared(tmp_path / "usual", flags))
    read = load_windows(other, format=flags.format)
    np.testing.assert_allclose(read.imu_NTC, right.imu_NTC, atol=2e-4)
    assert read.subject_N.tolist() == right.subject_N.tolist()
    given = vars(flags)
    check_config = CheckConfig(Path(other), **given)
    assert check(check_config).exit_code == 0
    splits = labelled_splits([other], 64, 0.0, format=ActivityConfig(data=(other,), **given).format)
    np.testing.assert_allclose(splits.learn[0].imu_NTC[:3], right.imu_NTC[:3], atol=2e-4)
    learn, _ = pretraining_windows(MaeConfig(data=(other,), valid_share=0.0, **given))
    np.testing.assert_allclose(learn[0].imu_NTC[:3], right.imu_NTC[:3], atol=2e-4)
    scored = EvaluateConfig("zoo:activity", other, **given)
    tested = load_split(other, None, "test", 64, scored.format)
    np.testing.assert_allclose(tested.imu_NTC[-3:], right.imu_NTC[-3:], atol=2e-4)


def test_units_and_axes_of_published_or_simulated_data_cannot_be_given() -> None:
    flags = ReadingFlags(axes="-y+x+z")
    with pytest.raises(UsageError, match=r"--axes.*recordings of your own"):
        labelled_splits(["simulated"], 64, 0.2, format=flags.format)
    with pytest.raises(UsageError, match="simulated: no recordings of your own"):
        load_split("simulated", None, "test", 64, flags.format)


def test_packed_files_are_named_as_those_that_are_not(tmp_path: Path) -> None:
    """Names of people and activities, and the intervals beside, are those of the file within."""
    for person in ("anna", "bert", "carl"):
        plain = write(tmp_path / "plain" / f"{person}_walking.csv")
        packed = tmp_path / "packed" / f"{person}_walking.csv.gz"
        packed.parent.mkdir(exist_ok=True)
        packed.write_bytes(gzip.compress(plain.read_bytes()))
    carl = [tmp_path / kind / "carl.labels.csv" for kind in ("plain", "packed")]
    for path, suffix in zip(carl, (".csv", ".csv.gz"), strict=True):
        path.write_text("start,end,label\n0,9,ironing\n")
        (path.parent / f"carl_walking{suffix}").rename(path.parent / f"carl{suffix}")
    found = people(tmp_path / "packed")
    assert found == people(tmp_path / "plain")
    assert found == {"anna": {"walking"}, "bert": {"walking"}, "carl": {"ironing"}}
