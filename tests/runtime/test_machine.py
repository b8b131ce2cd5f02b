"""Machines from recorded files: Jetsons, a Raspberry Pi, a PC with a GPU, and an empty tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.runtime import machine

ORIN_NANO = {
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
    "proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005-super\0nvidia,tegra234\0",
    "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, "
    "EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\n",
}
AGX_ORIN = {
    "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3737-0000+p3701-0000\0nvidia,tegra234\0",
    "etc/nv_tegra_release": "# R36 (release), REVISION: 3.0, GCID: 36191598, BOARD: generic\n",
}
XAVIER = {
    "proc/device-tree/model": "Jetson-AGX\0",
    "proc/device-tree/compatible": "nvidia,p2972-0000\0nvidia,tegra194\0",
    "etc/nv_tegra_release": "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref\n",
}
NANO = {
    "proc/device-tree/model": "NVIDIA Jetson Nano Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3450-0000\0nvidia,jetson-nano\0nvidia,tegra210\0",
    "etc/nv_tegra_release": "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref\n",
}
FUTURE = {
    "proc/device-tree/model": "NVIDIA Jetson Next Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,tegra999\0",
    "etc/nv_tegra_release": "# R99 (release), REVISION: 1.0, GCID: 1, BOARD: generic\n",
}
RASPBERRY = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/device-tree/compatible": "raspberrypi,5-model-b\0brcm,bcm2712\0",
    "proc/cpuinfo": "BogoMIPS\t: 108\n\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2400000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
}
PC = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: AMD Ryzen 7 7700\ncpu MHz\t\t: 3800.5\n",
    "proc/meminfo": "MemTotal:       1000000 kB\nMemFree: 5 kB\nMemAvailable:    500000 kB\n",
    "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  "
    "Thu Feb 22 01:44:30 UTC 2024\nGCC version:  gcc version 12.3.0\n",
    "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA GeForce RTX 4060\n"
    "IRQ:   \t\t 142\n",
    "dev/video0": "",
    "sys/class/video4linux/video0/name": "HD Webcam: HD Webcam\n",
    "dev/video1": "",
}
OPEN_DRIVER = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (root@x)\n"
)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "module", "l4t", "jetpack", "capability", "dla"),
    [
        (ORIN_NANO, "Orin Nano", "36.4.3", "6.2", "8.7", False),
        (AGX_ORIN, "AGX Orin", "36.3.0", "6.0", "8.7", True),
        (XAVIER, "AGX Xavier", "35.4.1", "5.1.2", "7.2", True),
        (NANO, "Nano", "32.7.1", "4.6.1", "5.3", False),
        (FUTURE, None, "99.1.0", None, None, False),
    ],
    ids=["orin nano", "agx orin", "xavier", "nano", "a future one"],
)
def test_a_jetson_is_recognised(
    tmp_path: Path,
    files: dict[str, str],
    module: str | None,
    l4t: str,
    jetpack: str | None,
    capability: str | None,
    dla: bool,
) -> None:
    jetson = machine.find_jetson(tree(tmp_path, files))
    assert jetson is not None
    assert jetson.model == files["proc/device-tree/model"].rstrip("\0")
    assert (jetson.module, jetson.l4t, jetson.jetpack) == (module, l4t, jetpack)
    assert (jetson.compute_capability, jetson.dla) == (capability, dla)


@pytest.mark.parametrize(
    ("l4t", "jetpack"),
    [
        *((release, jetpack) for release, jetpack in machine._JETPACK.items()),
        ("36.4.0", "6.1"),  # a zero at the end says nothing
        ("36.4.5", "6.2.1 or newer"),  # between two that are listed
        ("39.2.2", "7.2.1 or newer"),  # after the newest that is listed
        ("36.6", "6"),
        ("99.1", None),
    ],
)
def test_an_unlisted_release_belongs_to_no_older_jetpack_than_its_forerunner(
    l4t: str, jetpack: str | None
) -> None:
    assert machine._jetpack_of(l4t) == jetpack


@pytest.mark.parametrize(
    ("package", "jetpack"),
    [
        ("Package: nvidia-jetpack\nStatus: install ok installed\n", "7.2.2"),
        ("Package: nvidia-jetpack-runtime\nStatus: install ok installed\n", "7.2.2"),
        ("Package: nvidia-jetpack\nStatus: deinstall ok config-files\n", "7.2.1 or newer"),
        ("Package: nvidia-jetpack-tools\nStatus: install ok installed\n", "7.2.1 or newer"),
    ],
)
def test_the_installed_package_says_a_jetpack_newer_than_the_list(
    tmp_path: Path, package: str, jetpack: str
) -> None:
    files = {
        "proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0",
        "proc/device-tree/compatible": "nvidia,tegra264\0",
        "etc/nv_tegra_release": "# R39 (release), REVISION: 2.2, GCID: 1, BOARD: generic\n",
        "var/lib/dpkg/status": "Package: other\nStatus: install ok installed\nVersion: 1.0\n\n"
        f"{package}Priority: standard\nArchitecture: arm64\nVersion: 7.2.2-b12\n\n"
        "Package: z\nVersion: 3\n",
    }
    jetson = machine.find_jetson(tree(tmp_path, files))
    assert jetson is not None
    assert (jetson.module, jetson.l4t, jetson.jetpack) == ("Thor", "39.2.2", jetpack)


@pytest.mark.parametrize("files", [RASPBERRY, PC, {}], ids=["raspberry", "pc", "nothing"])
def test_another_machine_is_no_jetson(tmp_path: Path, files: dict[str, str]) -> None:
    assert machine.find_jetson(tree(tmp_path, files)) is None


def test_a_jetson_without_its_release_file_has_no_jetpack(tmp_path: Path) -> None:
    files = {key: text for key, text in ORIN_NANO.items() if "release" not in key}
    jetson = machine.find_jetson(tree(tmp_path, files))
    assert jetson is not None
    assert (jetson.module, jetson.l4t, jetson.jetpack) == ("Orin Nano", None, None)


def test_a_raspberry_names_itself(tmp_path: Path) -> None:
    root = tree(tmp_path, RASPBERRY)
    assert machine.board_model(root) == "Raspberry Pi 5 Model B Rev 1.0"
    assert machine.cpu_model(root) == "Raspberry Pi 5 Model B Rev 1.0"
    assert machine.clock_mhz(root) == 2400.0
    assert machine.governor(root) == "ondemand"
    assert machine.cameras(root) == []


def test_a_pc_with_a_gpu_and_two_video_devices(tmp_path: Path) -> None:
    root = tree(tmp_path, PC)
    assert machine.cpu_model(root) == "AMD Ryzen 7 7700"
    assert machine.memory_gb(root) == (1.024, 0.512)
    assert machine.clock_mhz(root) == 3800.5
    assert machine.nvidia_gpus(root) == ["NVIDIA GeForce RTX 4060"]
    assert machine.nvidia_driver(root) == "550.54.14"
    assert machine.cameras(root) == ["/dev/video0 (HD Webcam: HD Webcam)", "/dev/video1"]
    (root / "proc/driver/nvidia/version").write_text(OPEN_DRIVER)
    assert machine.nvidia_driver(root) == "570.86.15"


def test_what_no_file_says_is_none(tmp_path: Path) -> None:
    assert machine.board_model(tmp_path) is None
    assert machine.memory_gb(tmp_path) is None
    assert machine.clock_mhz(tmp_path) is None
    assert machine.governor(tmp_path) is None
    assert machine.nvidia_driver(tmp_path) is None
    assert machine.nvidia_gpus(tmp_path) == []
    assert machine.cpu_model(tmp_path)


def test_this_machine_has_a_core() -> None:
    assert machine.usable_cores() >= 1
