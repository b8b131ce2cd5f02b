"""What a command writes is none of what it reads: one rule for the flags of all commands.

    with apart(config, recipe):
        ...                          run the command

Every flag that holds a path is named here, so that a new one is not forgotten (a test says so).
Before the work, outputs are compared with inputs and with each other; during it, no file that is an
input is replaced (`placing.protecting`), whoever renames another one meanwhile.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.placing import is_sink, protecting, what_is
from edgehuman.runtime.provenance.members import members_of, signatures_of, stem_of

OUTPUTS = (
    *("out", "save", "timeline", "picture", "submission", "timing_cache", "targets"),
    *("metrics", "record", "ids"),
)
INPUTS = (
    *("model", "models", "source", "data", "path", "checkpoint", "weights", "teacher", "more_data"),
    *("selected", "gallery", "key", "signature", "stream_data", "network", "latent_weights"),
    *(
        "detector",
        "photos",
        "recording",
        "pose",
        "beside",
        "also",
        "streets",
        "serve_cert",
        "serve_key",
        "before",
        "after",
    ),
    *("new_key", "device", "laws", "sweep", "trunk", "segmenter", "worn_model"),
    *("fuse", "fuse_gallery"),
)
NEITHER = ("root", "name", "serve_token")
"""`root` of `doctor`: where it looks for the system's own files; `name` of `keys new` and
`serve_token`, which replace nothing."""
WORDS = (
    *("accel_unit", "against", "arch", "axes", "base_arch", "dataset", "family"),
    "foreign_label",
    *("gyro_axes", "gyro_unit", "image_size", "keep", "labels", "layout", "logger", "map"),
    *("objective", "placement", "placements", "policy", "protocol", "sender", "size", "slowed"),
    *("query", "serve", "serve_name", "task", "webhook"),
    *("phone", "sink", "job", "x", "metric", "group"),
    *("consent", "consent_by", "consent_at", "head"),
    *("stamp_unit", "student", "subject", "track", "turned_alike", "upright_by", "walk", "which"),
    *("worn", "worn_offset", "worn_phone", "worn_accel_unit", "worn_gyro_unit"),
)
"""Flags of text that is never a path; of `worn`, which may hold one, `runtime.together.playing`
compares it with --save."""
# What a command changes in its place, by the name of its config.
_IN_PLACE = {
    "EnrolConfig": ("gallery", "fuse_gallery"),
    "SilhouetteEnrolConfig": ("gallery", "fuse_gallery"),
    "ForgetConfig": ("gallery",),
    "RekeyConfig": ("gallery",),
    "ThresholdConfig": ("gallery",),
    "SealConfig": ("models",),
    "SignConfig": ("models",),
}
_GALLERIES = ("gallery", "fuse_gallery")
# These say before the work which files of models they replace, and which not.
_KEEP = ("edgehuman.export.",)
_POSITIONAL = {
    "model": "the model",
    "models": "the model",
    "path": "the input",
    "network": "the network",
}
_ENGINE = (".engine", ".engine.json", ".plan", ".plan.json")


@contextlib.contextmanager
def apart(config: Any, recipe: Path | None) -> Iterator[None]:
    """Run a command so that its outputs destroy none of its inputs.

    Raises:
        UsageError: an output is an input, a file of one, another output, or a device.
    """
    changed = _IN_PLACE.get(type(config).__name__, ())
    keeps = type(config).__module__.startswith(_KEEP)
    outputs = _outputs(config)
    inputs = _inputs(config, recipe, changed, whole=not keeps)
    for said, path in outputs.items():
        _require_place(said, path)
    kept = [*outputs] if keeps else []
    for name in _GALLERIES:
        if name in changed and (held := getattr(config, name, None)) is not None:
            outputs[said := f"{_flag(name)} {held}"] = Path(held)
            kept.append(said)
    require_apart(inputs, outputs, kept)
    files = {path: said for said, path in inputs.items() if path.is_file()}
    if getattr(config, "rebuild", False):  # which replaces an engine beside its ONNX
        files = {path: said for path, said in files.items() if not path.name.endswith(_ENGINE)}
    found = {(path.stat().st_dev, path.stat().st_ino): said for path, said in files.items()}
    with protecting(found):
        yield


def _outputs(config: Any) -> dict[str, Path]:
    # A timing cache is read and written again, as a gallery is.
    held = {name: getattr(config, name, None) for name in OUTPUTS}
    return {f"{_flag(name)} {path}": Path(path) for name, path in held.items() if path is not None}


def _inputs(
    config: Any, recipe: Path | None, changed: Collection[str], whole: bool
) -> dict[str, Path]:
    """Flag and path, for messages -> path, of what is there; addresses are left out.

    Args:
        changed: flags whose files the command changes in their place.
        whole: with all files of a model, of which it names one.
    """
    found: dict[str, Path] = {}
    if recipe is not None:
        found[f"the recipe {recipe}"] = recipe
    for name in INPUTS:
        held = None if name in changed else getattr(config, name, None)
        for value in held if isinstance(held, tuple) else (held,):
            if value is None:
                continue
            flag = _POSITIONAL.get(name, _flag(name))
            for path in _files_of(str(value), whole):
                found[f"{flag} {path}"] = path
    for path in _trusted():
        found[f"--trusted-key {path}"] = path
    return {said: path for said, path in found.items() if os.path.exists(path)}


def _files_of(value: str, whole: bool) -> list[Path]:
    """The file or folder of a flag's value, and what belongs to it."""
    from edgehuman.runtime.zoo import ZOO, zoo_file

    if value.startswith(ZOO):
        with contextlib.suppress(UsageError):
            return _beside(Path(str(zoo_file(value))), whole)
        return []
    return _beside(Path(value), whole)


def _beside(path: Path, whole: bool) -> list[Path]:
    """A file, and those that are one model with it: parts, engine, side files, signature; of a
    foreign model what says what it reads.
    """
    if not path.is_file():
        return [path]
    sides = [path.with_name(f"{path.name}.json"), path.with_suffix(".onnx")]
    found = [path, *(sides if path.suffix in _ENGINE else ())]
    if whole and stem_of(path) is not None:
        found += [*members_of(path).files.values(), path.with_suffix(".toml")]
    found += signatures_of(path) if whole else ()
    return found


def _trusted() -> list[Path]:
    """The trusted keys of this command, which the flag and the environment name: the file, or the
    folder and its files.
    """
    from edgehuman.runtime.provenance.trusted import REQUIRE_KEY, trusted_keys

    if os.environ.get(REQUIRE_KEY) != "1":
        return []
    keys = trusted_keys()
    return [keys, *(Path(place) / name for place, _, names in os.walk(keys) for name in names)]


def _require_place(said: str, path: Path) -> None:
    """Raise UsageError for what can take no output: a disk, a socket, a device but /dev/null."""
    if not path.exists() or path.is_file() or path.is_dir() or path.is_fifo() or is_sink(path):
        return
    found = path.stat()
    if not _is_terminal(path):
        raise UsageError(f"{said} is {what_is(found)}, not a file; choose another path")


def _is_terminal(path: Path) -> bool:
    try:
        opened = os.open(
            path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except OSError:
        return False
    try:
        return os.isatty(opened)
    finally:
        os.close(opened)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def require_apart(
    inputs: Mapping[str, Path], outputs: Mapping[str, Path], kept: Collection[str] = ()
) -> None:
    """Check, before the work, that no output is an input, a file of one, or another output: by
    device and inode, so under whatever name, link or case.

    Args:
        inputs: flag and path, for the message -> path of what is there.
        outputs: flag and path -> path.
        kept: outputs that may stand in an input's folder: their command says what they replace.

    Raises:
        UsageError: two of them are one; the message names both.
    """
    seen = {_identity(path): said for said, path in inputs.items()}
    for said, path in outputs.items():
        key = _identity(path)
        if key in seen:
            whose = seen[key].removesuffix(f" {path}")
            raise UsageError(f"{said} is {_noun(path)} of {whose} too; choose another path")
        seen[key] = said
        if said in kept or not path.is_file():
            continue
        for where, folder in inputs.items():
            if folder.is_dir() and _holds(folder, path):
                raise UsageError(
                    f"{said} is one of the input's files ({where}), and would be replaced; choose "
                    "a path outside, or a new name"
                )


def _noun(path: Path) -> str:
    return "the folder" if path.is_dir() else "the file"


def _identity(path: Path) -> tuple[object, ...]:
    """Device and inode of a path; of one that is not there yet, those of the folder that is, and
    the names below it.
    """
    missing: list[str] = []
    held = Path(os.path.realpath(path))
    while not held.exists() and held != held.parent:
        missing.append(held.name)
        held = held.parent
    found = held.stat()
    if missing and _ignores_case(held):
        missing = [name.casefold() for name in missing]
    return (found.st_dev, found.st_ino, *missing)


def _ignores_case(folder: Path) -> bool:
    """Whether a folder finds names in either case, as on macOS and Windows."""
    name = folder.name.swapcase()
    if name == folder.name:  # as of the root, which has none
        return False
    other = folder.with_name(name)
    return other.exists() and other.samefile(folder)


def _holds(folder: Path, file: Path) -> bool:
    """Whether an input's folder has this file: below it, or by a link of either kind."""
    wanted, above = file.stat(), folder.stat()
    for parent in Path(os.path.realpath(file)).parents:
        if os.path.samestat(parent.stat(), above):
            return True
    for place, _, _ in os.walk(folder):
        with os.scandir(place) as entries:
            for entry in entries:
                is_it = wanted.st_nlink > 1 and entry.inode() == wanted.st_ino
                if is_it or entry.is_symlink():
                    with contextlib.suppress(OSError):
                        if os.path.samestat(entry.stat(), wanted):
                            return True
    return False
