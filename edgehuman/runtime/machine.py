"""What this machine is, from files under /proc, /sys and /dev: processor, memory, GPU, cameras.

Every function takes the folder that stands for `/`, so that the tests can hand in recorded trees.
Nothing is guessed: what a file does not say is None.
"""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Jetson:
    """Attributes:
    model: as the board's firmware says, e.g. "NVIDIA Jetson Orin Nano Developer Kit".
    module: the family, e.g. "Orin Nano"; None for one that is newer than this list.
    l4t: release of Jetson Linux, e.g. "36.4.0"; None where its file is missing.
    jetpack: e.g. "6.1": of the installed package, otherwise the one that this release belongs to;
        "7.2.1 or newer" for a release later than the listed ones; None for an unknown one.
    compute_capability: of the GPU, e.g. "8.7".
    dla: whether the module has deep-learning accelerators.
    """

    model: str
    module: str | None
    l4t: str | None
    jetpack: str | None
    compute_capability: str | None
    dla: bool


# The chip's `compatible` string and a word of the model text -> family, compute capability, DLA.
# Source: NVIDIA's Jetson module data sheets; chip ids as in the device trees of Jetson Linux.
_MODULES: tuple[tuple[str, str, str, str, bool], ...] = (
    ("tegra264", "Thor", "Thor", "11.0", False),
    ("tegra234", "Orin Nano", "Orin Nano", "8.7", False),
    ("tegra234", "Orin NX", "Orin NX", "8.7", True),
    ("tegra234", "AGX Orin", "AGX Orin", "8.7", True),
    ("tegra234", "", "Orin", "8.7", True),
    ("tegra194", "Xavier NX", "Xavier NX", "7.2", True),
    ("tegra194", "", "AGX Xavier", "7.2", True),
    ("tegra186", "", "TX2", "6.2", False),
    ("tegra210", "Nano", "Nano", "5.3", False),
    ("tegra210", "", "TX1", "5.3", False),
)

# Jetson Linux release -> JetPack; of an unlisted one the last listed before it in its branch.
# Source: the Jetson Linux archive, developer.nvidia.com/embedded/jetson-linux-archive.
_JETPACK = {
    "39": "7",
    "39.2": "7.2",
    "39.2.1": "7.2.1",
    "38": "7",
    "38.2": "7.0",
    "38.2.1": "7.0",
    "38.4": "7.1",
    "36": "6",
    "36.2": "6.0 (developer preview)",
    "36.3": "6.0",
    "36.4": "6.1",
    "36.4.3": "6.2",
    "36.4.4": "6.2.1",
    "36.4.7": "6.2.1",
    "36.5": "6.2.2",
    "36.5.2": "6.2.3",
    "35": "5",
    "35.2.1": "5.1",
    "35.3.1": "5.1.1",
    "35.4.1": "5.1.2",
    "35.5": "5.1.3",
    "35.6": "5.1.4",
    "35.6.1": "5.1.5",
    "35.6.2": "5.1.5",
    "32": "4",
    "32.6.1": "4.6",
    "32.7.1": "4.6.1",
    "32.7.2": "4.6.2",
    "32.7.6": "4.6.6",
}
# Of Debian's list of packages: the name and the version of one that is installed.
_INSTALLED = re.compile(
    r"^Package: nvidia-jetpack(?:-runtime)?\nStatus: install ok installed\n"
    r"(?:[^\n]+\n)*?Version: (\d+(?:\.\d+)*)",
    re.MULTILINE,
)


def read_text(path: Path) -> str | None:
    """A file's text without the zero bytes and blanks that firmware leaves; None if unreadable."""
    try:
        return path.read_bytes().replace(b"\0", b"\n").decode("utf-8", "replace").strip() or None
    except OSError:
        return None


def find_jetson(root: Path = ROOT) -> Jetson | None:
    """The Jetson that this is, or None for any other machine."""
    model = read_text(root / "proc/device-tree/model") or ""
    compatible = read_text(root / "proc/device-tree/compatible") or ""
    l4t = _l4t_release(read_text(root / "etc/nv_tegra_release"))
    if "nvidia,tegra" not in compatible and "jetson" not in model.lower() and l4t is None:
        return None
    jetpack = _installed_jetpack(root) or _jetpack_of(l4t)
    for chip, word, module, capability, dla in _MODULES:
        if chip in compatible and word.lower() in model.lower():
            return Jetson(model, module, l4t, jetpack, capability, dla)
    return Jetson(model or "unknown Jetson", None, l4t, jetpack, None, False)


def _l4t_release(text: str | None) -> str | None:
    """`# R36 (release), REVISION: 4.3, GCID: ...` -> "36.4.3"."""
    found = re.search(r"R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)", text or "")
    return f"{found[1]}.{found[2]}" if found else None


def _installed_jetpack(root: Path) -> str | None:
    """The version of JetPack's own package: of a newer JetPack than the table below, too."""
    found = _INSTALLED.search(read_text(root / "var/lib/dpkg/status") or "")
    return found[1] if found else None


def _jetpack_of(l4t: str | None) -> str | None:
    """The JetPack of a release: "36.3.0" -> "6.0", "39.2.9" -> "7.2.1 or newer", "39.7" -> "7"."""
    if l4t is None:
        return None
    release = _numbers(l4t)
    listed = {_numbers(name): jetpack for name, jetpack in _JETPACK.items()}
    if release in listed:
        return listed[release]
    earlier = [each for each in listed if each[:2] == release[:2] and each < release]
    return f"{listed[max(earlier)]} or newer" if earlier else listed.get(release[:1])


def _numbers(release: str) -> tuple[int, ...]:
    """ "36.3.0" -> (36, 3): a zero at the end says nothing."""
    numbers = [int(part) for part in release.split(".") if part]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def board_model(root: Path = ROOT) -> str | None:
    """The board's name in the firmware, e.g. "Raspberry Pi 5 Model B Rev 1.0"; None on a PC."""
    return read_text(root / "proc/device-tree/model")


def cpu_model(root: Path = ROOT) -> str:
    """The processor's name, or its architecture if Linux has no name."""
    text = read_text(root / "proc/cpuinfo") or ""
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gb(root: Path = ROOT) -> tuple[float, float] | None:
    """Total memory and memory available to programs, in GB of 1e9 bytes."""
    text = read_text(root / "proc/meminfo") or ""
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s*(\d+) kB", text, re.MULTILINE))
    if len(found) < 2:
        return None
    return int(found["MemTotal"]) * 1024 / 1e9, int(found["MemAvailable"]) * 1024 / 1e9


def clock_mhz(root: Path = ROOT) -> float | None:
    """The fastest core's current clock, MHz; None if the machine does not report it."""
    cores = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")
    khz = [int(text) for path in cores if (text := read_text(path)) and text.isdigit()]
    if khz:
        return max(khz) / 1000
    cpuinfo = read_text(root / "proc/cpuinfo") or ""
    mhz = re.findall(r"^cpu MHz\s*:\s*([\d.]+)", cpuinfo, re.MULTILINE)
    return max(map(float, mhz)) if mhz else None


def governor(root: Path = ROOT) -> str | None:
    """The CPU frequency governor, e.g. "performance"; None if the kernel does not tell."""
    return read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def cameras(root: Path = ROOT) -> list[str]:
    """Video devices with the names their drivers give them, e.g. "/dev/video0 (HD Webcam)"."""
    found = []
    for path in camera_paths(root):
        name = read_text(root / "sys/class/video4linux" / path.name / "name")
        found.append(f"/dev/{path.name}" + (f" ({name})" if name else ""))
    return found


def camera_paths(root: Path = ROOT) -> list[Path]:
    """The video devices."""
    return sorted((root / "dev").glob("video*"))


def nvidia_driver(root: Path = ROOT) -> str | None:
    """Version of the loaded NVIDIA kernel driver, e.g. "550.54.14"."""
    text = read_text(root / "proc/driver/nvidia/version") or ""
    found = re.search(r"Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s", text)
    return found[1] if found else None


def nvidia_gpus(root: Path = ROOT) -> list[str]:
    """Names of the NVIDIA GPUs that the driver lists."""
    names = []
    for path in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        found = re.search(r"^Model:\s*(.+)$", read_text(path) or "", re.MULTILINE)
        names.append(found[1].strip() if found else path.parent.name)
    return names
