"""Energy from recorded files: counters that wrap, rails that multiply, machines that are mute."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edgehuman.bench.energy import JetsonRails, Rapl, Stretch, open_meter


def rapl_zone(root: Path, number: int, energy_uj: int, range_uj: int = 1000) -> Path:
    zone = root / f"sys/class/powercap/intel-rapl:{number}"
    zone.mkdir(parents=True)
    (zone / "energy_uj").write_text(f"{energy_uj}\n")
    (zone / "max_energy_range_uj").write_text(f"{range_uj}\n")
    return zone


def rail(root: Path, number: int, name: str, millivolts: int, milliamperes: int) -> Path:
    folder = root / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"in{number}_label").write_text(f"{name}\n")
    (folder / f"in{number}_input").write_text(f"{millivolts}\n")
    (folder / f"curr{number}_input").write_text(f"{milliamperes}\n")
    return folder


def test_counters_are_added_over_packages_and_over_a_wrap(tmp_path: Path) -> None:
    first, second = rapl_zone(tmp_path, 0, 100), rapl_zone(tmp_path, 1, 900)
    meter, words = open_meter(tmp_path)
    assert isinstance(meter, Rapl)
    assert words == "RAPL, 2 packages"
    assert meter.joules() == 0.0
    (first / "energy_uj").write_text("400")  # 300 more
    (second / "energy_uj").write_text("50")  # 100 to the wrap at 1000, and 50
    assert meter.joules() == pytest.approx(450e-6)
    (first / "energy_uj").write_text("500")
    assert meter.joules() == pytest.approx(550e-6)


def test_sub_zones_are_not_counted_twice(tmp_path: Path) -> None:
    rapl_zone(tmp_path, 0, 0)
    core = tmp_path / "sys/class/powercap/intel-rapl:0:0"
    core.mkdir()
    (core / "energy_uj").write_text("5")
    assert open_meter(tmp_path)[1] == "RAPL, 1 package"


def test_a_stretch_is_what_happens_inside_it(tmp_path: Path) -> None:
    zone = rapl_zone(tmp_path, 0, 100)
    meter, _ = open_meter(tmp_path)
    assert meter is not None
    (zone / "energy_uj").write_text("200")
    with Stretch(meter) as stretch:
        (zone / "energy_uj").write_text("700")
    assert stretch.joules == pytest.approx(500e-6)
    assert stretch.seconds > 0


def test_a_jetson_counts_its_input_rail_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now_s[0])
    rail(tmp_path, 1, "VDD_IN", 5000, 2000)
    rail(tmp_path, 2, "VDD_CPU_CV", 5000, 400)
    meter, words = open_meter(tmp_path)
    assert isinstance(meter, JetsonRails)
    try:
        assert words == "Jetson power rails VDD_IN"
        assert meter.watts() == pytest.approx(10.0)
        assert meter.joules() == 0
        now_s[0] = 3.0
        assert meter.joules() == pytest.approx(30.0)
        rail(tmp_path, 1, "VDD_IN", 5000, 1000)
        now_s[0] = 5.0
        assert meter.joules() == pytest.approx(40.0)
    finally:
        meter.close()


def test_a_jetson_without_an_input_rail_adds_gpu_and_cpu(tmp_path: Path) -> None:
    rail(tmp_path, 1, "VDD_GPU_SOC", 5000, 1000)
    rail(tmp_path, 2, "VDD_CPU_CV", 5000, 400)
    rail(tmp_path, 3, "NC", 5000, 9999)
    meter, _ = open_meter(tmp_path)
    assert isinstance(meter, JetsonRails)
    assert meter.watts() == pytest.approx(7.0)
    meter.close()


def test_a_machine_that_tells_nothing_has_no_meter(tmp_path: Path) -> None:
    meter, reason = open_meter(tmp_path)
    assert meter is None
    assert "neither RAPL" in reason


def test_a_counter_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    zone = rapl_zone(tmp_path, 0, 0)
    (zone / "energy_uj").write_text("garbage")
    meter, reason = open_meter(tmp_path)
    assert meter is None
    assert "cannot be read" in reason


def test_a_counter_for_root_alone_names_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rapl_zone(tmp_path, 0, 0)

    def refuse(path: Path) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "read_text", refuse)
    meter, reason = open_meter(tmp_path)
    assert meter is None
    assert "sudo" in reason
