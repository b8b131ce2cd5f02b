"""What tests of all processes of a run share: made by the first that asks, read by the others."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgehuman.records import WindowSet

FOLDER = "EDGEHUMAN_TEST_SHARED"  # the variable that names the folder


def once(key: str, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, called once for all processes of a test run."""
    path = Path(os.environ[FOLDER]) / hashlib.sha256(key.encode()).hexdigest()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.is_file():
            path.write_bytes(make())
    return path.read_bytes()


def share_simulated_windows() -> None:
    """Windows of `--data simulated` are the same bits each time, and take 3 s: made once."""
    from edgehuman.simulate.imu import recording

    simulate = recording.simulated_windows

    def shared(**named: Any) -> WindowSet:
        key = f"windows {sorted(named.items())}"
        windows: WindowSet = pickle.loads(once(key, lambda: pickle.dumps(simulate(**named))))
        return windows

    vars(recording)["simulated_windows"] = shared
