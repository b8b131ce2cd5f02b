"""Jobs of a cluster: what is pickled, other code, and submitit's own processes of this machine."""

from __future__ import annotations

import pickle
import threading
import time
from pathlib import Path

import pytest

from edgehuman.bench.scale import cells, slurm
from edgehuman.bench.scale.commands import Stop
from edgehuman.bench.scale.slurm import CellJob
from edgehuman.errors import MissingDependencyError, UsageError
from tests.bench.scale.test_cells import made
from tests.bench.scale.trained import ran, without_training

submitit = pytest.importorskip("submitit")


def test_a_job_is_pickled_as_a_folder_and_a_commit(tmp_path: Path) -> None:
    job = CellJob(str(tmp_path), "abc")
    job._stop = Stop()
    again = pickle.loads(pickle.dumps(job))
    assert (again, again._stop) == (CellJob(str(tmp_path), "abc"), None)
    assert len(pickle.dumps(job)) < 500


def test_other_code_than_that_of_the_submission_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was submitted by the code abc, and this is"):
        CellJob(str(made(tmp_path)), "abc")()
    assert ran(tmp_path) == []


def test_a_job_that_is_stopped_saves_and_is_queued_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_training(monkeypatch)
    monkeypatch.setattr("edgehuman.training.ledger.commit", lambda: "abc")
    place = made(tmp_path)
    (place / "slow").touch()
    job, found = CellJob(str(place), "abc"), []
    thread = threading.Thread(target=lambda: found.append(job()))
    thread.start()
    until = time.monotonic() + 20
    while not (place / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    delayed = job.checkpoint()
    assert (place / cells.TRAIN / "state.pt").exists()
    thread.join(20)
    assert found == [cells.STOPPED]
    assert delayed.function == CellJob(str(place), "abc")
    (place / "slow").unlink()
    assert delayed.function() == cells.DONE
    assert ran(tmp_path)[1].endswith("--resume")


def test_wrong_parameters_and_no_cluster(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--job slurm_partitions=gpu: submitit refuses it"):
        slurm._executor(submitit, tmp_path, "local", {"slurm_partitions": "gpu"})
    with pytest.raises(UsageError, match=r"--cluster slurm: .*; run it where sbatch is"):
        slurm._executor(submitit, tmp_path, "slurm", {})


def test_without_submitit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "submitit", None)
    with pytest.raises(MissingDependencyError, match="the extra `slurm` brings it"):
        next(slurm.submitted([CellJob("a", "b")], tmp_path, "local", {}))


@pytest.mark.long
def test_cells_run_as_local_jobs(tmp_path: Path) -> None:
    from edgehuman.training.ledger import commit

    good, bad = made(tmp_path), made(tmp_path, seed=1)
    (bad / "cell.json").write_text("[]")
    jobs = [CellJob(str(place), commit()) for place in (good, bad)]
    found = {
        job.folder: said
        for job, said in slurm.submitted(jobs, tmp_path / "jobs", "local", {"timeout_min": "5"})
    }
    assert found[str(good)] == cells.DONE
    assert "failed" in found[str(bad)]
    logs = [path.name for path in (tmp_path / "jobs").glob("*/*")]
    assert len([name for name in logs if name.isdecimal()]) == 2


def test_a_result_that_lies_there_already_is_not_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def noted(_: object, logs: Path, *rest: object) -> None:
        folders.append(logs)
        raise UsageError("not here")

    monkeypatch.setattr(slurm, "_executor", noted)
    for _ in range(2):
        with pytest.raises(UsageError, match="not here"):
            list(slurm.submitted([], tmp_path / "jobs", "local", {}))
    assert len({*folders}) == 2
    assert all(each.parent == tmp_path / "jobs" and not [*each.iterdir()] for each in folders)
