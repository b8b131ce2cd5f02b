"""Energy, if the machine reports it: RAPL counters of a PC, the power rails of a Jetson.

A reading is joules since the meter was opened. Without counters there is no meter, and the tables
say "not measured" with the reason: energy is never estimated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path("/")
_RAIL_NAMES = ("VDD_IN", "POM_5V_IN", "VDD_GPU_SOC", "VDD_CPU_CV")
_RAIL_PERIOD_S = 0.02


class Meter(Protocol):
    """Attributes:
    source: what is read, for the report.
    """

    source: str

    def joules(self) -> float:
        """Energy since the meter was opened."""

    def close(self) -> None:
        """Stop reading."""


class Rapl:
    """The package counters of Intel and AMD processors: microjoules that wrap around.

    Source: Linux, Documentation/power/powercap/powercap.rst. A counter that wraps more than once
    between two calls of `joules` would be missed; at 200 W that takes over 20 minutes.
    """

    def __init__(self, zones: Sequence[Path]) -> None:
        self.source = f"RAPL, {len(zones)} package{'s' if len(zones) > 1 else ''}"
        self._zones = zones
        self._range_uj = [int((zone / "max_energy_range_uj").read_text()) for zone in zones]
        self._last_uj = self._read_uj()
        self._sum_uj = 0

    def joules(self) -> float:
        """Energy of all packages since the meter was opened."""
        now_uj = self._read_uj()
        for last, now, span in zip(self._last_uj, now_uj, self._range_uj, strict=True):
            self._sum_uj += now - last if now >= last else now - last + span
        self._last_uj = now_uj
        return self._sum_uj / 1e6

    def close(self) -> None:
        """Nothing to stop: the counters run by themselves."""

    def _read_uj(self) -> list[int]:
        return [int((zone / "energy_uj").read_text()) for zone in self._zones]


class JetsonRails:
    """The INA3221 power monitors of a Jetson: a thread adds up power over time.

    Source: NVIDIA Jetson Linux developer guide, "Software-Based Power Consumption Modeling". The
    board's input rail is used if there is one; otherwise the GPU and CPU rails are summed.
    """

    def __init__(self, rails: Sequence[tuple[str, Path, Path]]) -> None:
        self.source = f"Jetson power rails {', '.join(name for name, _, _ in rails)}"
        self._rails = rails
        self._sum_j = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._last_s = time.perf_counter()
        self._thread = threading.Thread(target=self._run, daemon=True, name="power rails")
        self._thread.start()

    def joules(self) -> float:
        """Energy of the rails since the meter was opened."""
        self._add()
        return self._sum_j

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_RAIL_PERIOD_S):
            self._add()

    def _add(self) -> None:
        with self._lock:
            now_s = time.perf_counter()
            self._sum_j += self.watts() * (now_s - self._last_s)
            self._last_s = now_s

    def watts(self) -> float:
        """Power now: millivolts times milliamperes of each rail."""
        return sum(int(mv.read_text()) * int(ma.read_text()) for _, mv, ma in self._rails) / 1e6


def open_meter(root: Path = ROOT) -> tuple[Meter | None, str]:
    """This machine's meter, or None; and what it reads, or why there is none."""
    rails = _find_rails(root)
    if rails:
        jetson = JetsonRails(rails)
        return jetson, jetson.source
    zones = sorted((root / "sys/class/powercap").glob("intel-rapl:[0-9]"))
    if not zones:
        return None, "this machine has neither RAPL counters nor Jetson power rails"
    try:
        rapl = Rapl(zones)
    except PermissionError:
        return None, f"only root can read {zones[0]}/energy_uj; run with sudo"
    except (OSError, ValueError) as error:
        return None, f"the RAPL counters cannot be read ({error})"
    return rapl, rapl.source


def _find_rails(root: Path) -> list[tuple[str, Path, Path]]:
    """Name, voltage file (mV) and current file (mA) of the rails to add up."""
    found: dict[str, tuple[str, Path, Path]] = {}
    for label in sorted((root / "sys/bus/i2c/drivers/ina3221").glob("*/hwmon/hwmon*/in*_label")):
        name = label.read_text().strip()
        number = label.name.removeprefix("in").removesuffix("_label")
        current = label.with_name(f"curr{number}_input")
        if name in _RAIL_NAMES and current.exists():
            found[name] = (name, label.with_name(f"in{number}_input"), current)
    whole_board = [found[name] for name in ("VDD_IN", "POM_5V_IN") if name in found]
    return whole_board[:1] or list(found.values())


class Stretch:
    """Joules and seconds of a `with` block."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.joules = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Stretch:
        self._from_s, self._from_j = time.perf_counter(), self._meter.joules()
        return self

    def __exit__(self, *exception: object) -> None:
        self.joules = self._meter.joules() - self._from_j
        self.seconds = time.perf_counter() - self._from_s
