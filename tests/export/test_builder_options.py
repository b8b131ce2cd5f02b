"""Each option reaches the builder, by itself: a played TensorRT notes what it was told."""

from __future__ import annotations

import enum
from types import SimpleNamespace
from typing import Any

import pytest

from edgehuman.export.words import ExportConfig
from edgehuman.export.words import options as options_of
from edgehuman.runtime.engine.build_on_device import BuildError, Options, build

Shape = tuple[int, ...]


class Config:
    """A builder config of TensorRT 10; a name that it does not have is an error."""

    __slots__ = (
        "DLA_core",
        "builder_optimization_level",
        "cache",
        "capabilities",
        "default_device_type",
        "flags",
        "hardware_compatibility_level",
        "num_compute_capabilities",
        "pools",
        "profiles",
        "progress_monitor",
    )

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.pools: dict[str, int] = {}
        self.capabilities: dict[int, str] = {}
        self.profiles: list[Profile] = []
        self.cache: bytes | None = None

    def set_flag(self, flag: str) -> None:
        self.flags.add(flag)

    def set_memory_pool_limit(self, pool: str, num_bytes: int) -> None:
        self.pools[pool] = num_bytes

    def set_compute_capability(self, capability: str, index: int) -> None:
        self.capabilities[index] = capability

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return 0

    def create_timing_cache(self, content: bytes) -> bytes:
        return content

    def set_timing_cache(self, cache: bytes, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        self.cache = cache
        return True

    def get_timing_cache(self) -> Any:
        return SimpleNamespace(serialize=lambda: (self.cache or b"") + b" and more")

    def said(self) -> dict[str, Any]:
        """What was set, but for the profile and the monitor that every build has."""
        every = ("profiles", "progress_monitor")
        found = {n: getattr(self, n) for n in self.__slots__ if n not in every and hasattr(self, n)}
        return {name: value for name, value in found.items() if value not in (None, set(), {})}


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[Shape, Shape, Shape]] = {}

    def set_shape(self, name: str, low: Shape, best: Shape, high: Shape) -> None:
        self.shapes[name] = tuple(low), tuple(best), tuple(high)


class Typed(enum.IntEnum):
    STRONGLY_TYPED = 3


class Played:
    """The module `tensorrt` 10.3 as far as a build needs it; every graph parses.

    Attributes:
        shape: of the graph's only input, -1 where it is free.
        flags: of the network that was asked for.
        config: what the builder was told.
    """

    __name__, __version__ = "tensorrt", "10.3.0"
    NetworkDefinitionCreationFlag = Typed
    BuilderFlag = SimpleNamespace(VERSION_COMPATIBLE="compatible", GPU_FALLBACK="fallback")
    HardwareCompatibilityLevel = SimpleNamespace(
        AMPERE_PLUS="ampere and later", SAME_COMPUTE_CAPABILITY="same"
    )
    DeviceType = SimpleNamespace(GPU="gpu", DLA="dla")
    MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")

    class ILogger:
        ERROR, INTERNAL_ERROR = "error", "internal error"

    class IProgressMonitor:
        pass

    def __init__(self, *shape: int) -> None:
        self.shape = shape
        self.flags = 0
        self.config = Config()

    def Builder(self, log: Any) -> Played:
        return self

    def create_network(self, flags: int) -> Any:
        self.flags = flags
        tensor = SimpleNamespace(name="record", shape=self.shape)
        return SimpleNamespace(num_inputs=1, num_outputs=1, get_input=lambda i: tensor)

    def OnnxParser(self, network: Any, log: Any) -> Any:
        return SimpleNamespace(parse=lambda content: True)

    def create_builder_config(self) -> Config:
        return self.config

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Any, config: Config) -> bytes:
        assert config is self.config
        return b"a plan"


class PlayedRtx(Played):
    """The same of `tensorrt_rtx`: it builds for named capabilities, and has no DLA."""

    __name__, __version__ = "tensorrt_rtx", "1.7.1"
    ComputeCapability = enum.Enum("ComputeCapability", {"SM80": "8.0", "SM89": "8.9"})
    DeviceType = SimpleNamespace(GPU="gpu")


def told(trt: Played, options: Options) -> dict[str, Any]:
    """What a whole build told the builder of these options."""
    plan, _ = build(trt, b"a graph", options, b"", lambda share, phase: None)
    assert plan == b"a plan"
    return trt.config.said()


def test_without_options_the_builder_is_told_nothing() -> None:
    trt = Played(-1, 128, 6)
    assert told(trt, Options()) == {"cache": b""}
    assert trt.flags == 1 << 3  # strongly typed: precision is in the graph


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(version_compatible=True), {"flags": {"compatible"}}),
        (Options(hardware="ampere_plus"), {"hardware_compatibility_level": "ampere and later"}),
        (Options(hardware="same_compute_capability"), {"hardware_compatibility_level": "same"}),
        (
            Options(dla=1),
            {"default_device_type": "dla", "DLA_core": 1, "flags": {"fallback"}},
        ),
        (
            Options(dla=0),
            {"default_device_type": "dla", "DLA_core": 0, "flags": {"fallback"}},
        ),
        (Options(workspace_mib=64), {"pools": {"workspace": 64 * 1024 * 1024}}),
        (Options(level=5), {"builder_optimization_level": 5}),
        (Options(level=0), {"builder_optimization_level": 0}),
    ],
)
def test_each_option_is_told_and_nothing_else(options: Options, expected: dict[str, Any]) -> None:
    assert told(Played(-1, 128, 6), options) == {"cache": b"", **expected}


def test_capabilities_are_counted_and_named_in_order() -> None:
    said = told(PlayedRtx(-1, 128, 6), Options(capabilities=(80, 89)))
    assert said["num_compute_capabilities"] == 2
    kinds = PlayedRtx.ComputeCapability
    assert said["capabilities"] == {0: kinds.SM80, 1: kinds.SM89}
    assert "cache" not in said  # it keeps no timings


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((-1, 128, 6), [(2, 128, 6), (3, 128, 6), (5, 128, 6)]),
        ((-1, -1, 18, 3), [(2, 10, 18, 3), (3, 20, 18, 3), (5, 30, 18, 3)]),
    ],
)
def test_the_profile_has_the_given_batches_and_lengths(shape: Shape, expected: list[Shape]) -> None:
    trt = Played(*shape)
    told(trt, Options(batch=(2, 3, 5), length=(10, 20, 30)))
    [profile] = trt.config.profiles
    assert profile.shapes == {"record": tuple(expected)}


def test_each_flag_of_the_command_line_is_an_option_of_the_builder() -> None:
    sizes: Any = {"batch": (2, 3, 5), "length": (10, 20, 30)}
    flags: Any = {
        "capability": (80, 89),
        "version_compatible": True,
        "hardware": "ampere_plus",
        "dla": 1,
        "workspace_mib": 64,
        "level": 4,
    }
    expected = Options(*sizes.values(), *flags.values())
    assert options_of(ExportConfig("any", format="tensorrt", **sizes, **flags)) == expected
    assert (expected.dla, expected.workspace_mib, expected.level) == (1, 64, 4)


def test_timings_are_given_and_kept() -> None:
    trt = Played(-1, 128, 6)
    _, kept = build(trt, b"a graph", Options(), b"old", lambda share, phase: None)
    assert trt.config.cache == b"old"
    assert kept == b"old and more"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(dla=0), "tensorrt_rtx 1.7.1 has no DLA support"),
        (Options(hardware="ampere_plus"), "has no hardware level ampere_plus"),
    ],
)
def test_what_a_library_does_not_have_is_refused(
    options: Options, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlayedRtx, "HardwareCompatibilityLevel", SimpleNamespace())
    with pytest.raises(BuildError, match=reason):
        told(PlayedRtx(-1, 128, 6), options)


def test_the_played_config_has_the_names_of_the_real_one() -> None:
    real = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    notes = {"cache", "capabilities", "flags", "pools", "profiles", "said"}
    played = {name for name in dir(Config) if not name.startswith("_")} - notes
    missing = played - set(dir(real.IBuilderConfig))
    assert missing <= {"DLA_core", "default_device_type"}  # of Jetson alone
    assert hasattr(real.IOptimizationProfile, "set_shape")
