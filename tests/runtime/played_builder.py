"""A played TensorRT that notes what a build told it."""

from __future__ import annotations

import enum
from types import SimpleNamespace
from typing import Any

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
