"""Cells of a sweep as jobs of a Slurm cluster, by `submitit` (the extra `slurm`).

A job is pickled as the path of its cell's folder and a commit, nothing else: what runs is what that
folder says, and other code than that of the submission runs nothing. A job that the cluster stops,
for its time or for somebody more important, asks to be queued again; its training has saved.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.bench.scale.cells import run_cell
from edgehuman.bench.scale.commands import Stop
from edgehuman.errors import UsageError
from edgehuman.install import not_installed


@dataclass
class CellJob:
    """One cell as a job: called on the cluster.

    Attributes:
        folder: of the cell, on a disk that all machines see.
        commit: of the code that submitted it.
    """

    folder: str
    commit: str
    _stop: Stop | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "commit": self.commit, "_stop": None}

    def __call__(self) -> str:
        """Run the cell; how it ended."""
        from edgehuman.training.ledger import commit

        here = commit()
        if here != self.commit:
            raise UsageError(
                f"{self.folder}: was submitted by the code {self.commit}, and this is {here}; "
                "submit the sweep again"
            )
        self._stop = Stop()
        return run_cell(Path(self.folder), self._stop).status

    def checkpoint(self) -> Any:
        """What submitit queues again when the cluster stops this job; the training saves first."""
        import submitit

        if self._stop is not None:
            self._stop.ask()
            self._stop.wait()
        return submitit.helpers.DelayedSubmission(CellJob(self.folder, self.commit))


def submitted(
    jobs: Sequence[CellJob], logs: Path, cluster: str, parameters: Mapping[str, str]
) -> Iterator[tuple[CellJob, str]]:
    """Submit jobs as one array, and yield each with how it ended, as they end.

    Args:
        logs: a new folder in it has their logs, a folder a job.
        cluster: slurm, or local: processes of this machine.
        parameters: of submitit: `slurm_partition`, `timeout_min`, `slurm_array_parallelism`.

    Raises:
        MissingDependencyError: submitit is not installed.
        UsageError: a parameter that submitit does not know, or no Slurm here.
    """
    try:
        import submitit
    except ModuleNotFoundError:
        raise not_installed("submitit", "a sweep on a cluster") from None
    # A folder of its own: submitit unpickles what stands where a job's result will be.
    logs.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=logs))
    executor = _executor(submitit, fresh, cluster, parameters)
    with executor.batch():
        handles = [executor.submit(job) for job in jobs]
    waiting = dict(zip(handles, jobs, strict=True))
    while waiting:
        for handle in submitit.helpers.as_completed(list(waiting), poll_frequency=1):
            error = handle.exception()
            yield waiting.pop(handle), str(handle.result()) if error is None else f"failed: {error}"


def _executor(submitit: Any, logs: Path, cluster: str, parameters: Mapping[str, str]) -> Any:
    try:
        executor = submitit.AutoExecutor(folder=str(logs / "%j"), cluster=cluster)
    except RuntimeError as error:
        raise UsageError(f"--cluster {cluster}: {error}; run it where sbatch is") from None
    numbers = {name: int(text) if text.isdecimal() else text for name, text in parameters.items()}
    try:
        executor.update_parameters(**{"timeout_min": 24 * 60, "name": "edgehuman", **numbers})
    except (NameError, TypeError, ValueError) as error:
        said = " ".join(f"{name}={text}" for name, text in parameters.items())
        raise UsageError(f"--job {said}: submitit refuses it ({error}); fix that") from None
    return executor
