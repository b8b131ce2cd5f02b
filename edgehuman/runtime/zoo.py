"""The models of this installation by name, and those too large for the wheel: where they are."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.files import own_folder
from edgehuman.runtime.engine.part_files import whole_path

ZOO = "zoo:"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that `edgehuman zoo get` fetches.

    Attributes:
        size: bytes.
        sha256: of the whole file.
        record: what the model reads, so that its flags are known before it is fetched.
    """

    size: int
    sha256: str
    record: str


# The wheel leaves them out (pyproject.toml); a clone has them, and a test compares it with these.
FETCHED: Mapping[str, Fetched] = {
    "person-garments": Fetched(
        21142712, "b84637d790bd45ae5bd26852f537ed94ee8c737848dc14cf3725e9c08b646324", "PersonCrop"
    ),
    "person-garments-fp16": Fetched(
        10670774, "4021fb0aa88dd4b940ef52751598b208f9c0ce1d14f597147032b12b4903b326", "PersonCrop"
    ),
    "person-detector": Fetched(
        3742340, "9ec0b9969547a6c3aa50429a5a3bd9d0d7b40a60d054383fc86e8947d667870e", "Frame"
    ),
    "person-detector-fp16": Fetched(
        1982685, "11f7fc9b87dcdf084cb17d49ceb7bb77a41fac3ec090fc7a1bed31cd4e8b1427", "Frame"
    ),
    "person-pose": Fetched(
        3655921, "fc9346c5eeb55db962d2fbaa626a692f2b75c467968faf0094b00c415d9488b3", "PersonCrop"
    ),
    "person-pose-fp16": Fetched(
        1855374, "1c659692cbc26668e7e0cac2d3a180ab231faef88f9ba9c51ad6966e2b6cfac5", "PersonCrop"
    ),
    "person-silhouette": Fetched(
        3842706, "21f2a06c807474943529aae364d1e382efcf1eed23fdeeb490daf525ace39366", "PersonCrop"
    ),
    "person-silhouette-fp16": Fetched(
        1945363, "15cd91044742af1f9194bf2665a13d9e8fc1060d930e520ac7d7f510885948c1", "PersonCrop"
    ),
}


def cached(name: str) -> Path:
    """Where the copy of a fetched model is kept; another version of the file has another path."""
    return (
        own_folder("XDG_CACHE_HOME", ".cache") / "zoo" / f"{name}-{FETCHED[name].sha256[:12]}.onnx"
    )


def _is_cached(name: str) -> bool:
    with contextlib.suppress(UsageError):  # without a home nothing was fetched
        return cached(name).is_file()
    return False


def how_to_get(name: str) -> str:
    """What to tell somebody who asks for a model that is not fetched yet."""
    size_mb = FETCHED[name].size / 1e6
    return (
        f"zoo:{name} ({size_mb:.0f} MB) is not in this installation; run: edgehuman zoo get {name}"
    )


def file_of(name_or_path: str) -> Path:
    """The file behind `zoo:NAME`, or the path itself.

    Raises:
        UsageError: no such model in the zoo, an empty name, or a word that is neither a name nor
            the path of anything.
    """
    if not name_or_path.strip():
        raise UsageError(f"the model is {name_or_path!r}; give zoo:NAME or the path of a file")
    if name_or_path.startswith(ZOO):
        return zoo_file(name_or_path)
    path = Path(name_or_path)
    if not path.suffix and path.parent == Path() and not path.exists():
        raise unknown_model(name_or_path)
    return path


def zoo_names() -> list[str]:
    """The models of this installation, as `zoo:NAME`: those that ship, and those fetched."""
    shipped = {file.stem for file in _zoo().glob("*.onnx") if whole_path(file) is None}
    return sorted(ZOO + name for name in shipped | {n for n in FETCHED if _is_cached(n)})


def zoo_file(name: str) -> Path:
    """The path of `zoo:NAME` on disk.

    Raises:
        UsageError: no such model in this installation; where it can be fetched, the command.
    """
    plain = name.removeprefix(ZOO)
    if name not in zoo_names():
        raise UsageError(how_to_get(plain)) if plain in FETCHED else unknown_model(name)
    shipped = _zoo() / f"{plain}.onnx"
    return shipped if plain not in FETCHED or shipped.is_file() else cached(plain)


def unknown_model(name: str) -> UsageError:
    """The error for a name that no model has: the nearest name, and all those of the zoo."""
    zoo = zoo_names()
    near = difflib.get_close_matches(name, [*zoo, *catalogue.NETWORKS], n=1)
    near = near or difflib.get_close_matches(f"{ZOO}{name}", zoo, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UsageError(
        f"unknown model {name!r}.{hint} A model is a path to an .onnx or .engine file, a zoo model "
        f"({', '.join(zoo) or 'none in this installation'}), or a name from `edgehuman models`"
    )


def _zoo() -> Path:
    from edgehuman import zoo  # its folder; importlib.resources takes a megabyte to say the same

    return Path(zoo.__path__[0])
