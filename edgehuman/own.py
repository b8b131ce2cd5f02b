"""What is the caller's own and named by a dotted path: networks and loggers.

    --arch mypackage.nets:MyNet           class MyNet(nn.Module): record = "ImuWindow"
    --logger mypackage.loggers:MyLogger

Naming it runs its module, as `import` does; the search path is Python's own and is not changed.
What its code raises is one `OwnCodeError` that names the path, the error, and the caller's line.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edgehuman.errors import EdgehumanError, OwnCodeError, UsageError
from edgehuman.install import not_installed
from edgehuman.tables.network import Network
from edgehuman.tables.networks import NETWORKS


def is_own(name: str) -> bool:
    """Whether a name is a dotted path, `package.module:name`."""
    return ":" in name


def is_missing(module: str) -> bool:
    """Whether a module is not installed; nothing is imported."""
    return importlib.util.find_spec(module) is None


def own_object(dotted: str, flag: str) -> Any:
    """Import and return the caller's own object at `package.module:name`.

    Raises:
        UsageError: no such module or name; the message says what was looked for.
        MissingDependencyError: a module that the caller's own module needs is not installed.
        OwnCodeError: the module raised when it was imported.
    """
    module, _, name = dotted.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise UsageError(f"{flag} is {dotted!r}; your own is named package.module:name")
    with own_code(dotted, flag):
        found = _imported(module, f"{flag} {dotted}")
    if not hasattr(found, name):
        near = difflib.get_close_matches(name, dir(found), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{flag} {dotted}: module {module} has no {name}.{hint}")
    return getattr(found, name)


def _imported(module: str, where: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # a module that the caller's own module needs
        raise UsageError(
            f"{where}: there is no module {error.name}; install its package, or name the "
            "folder that holds it: PYTHONPATH=. edgehuman ..."
        ) from None


@contextmanager
def own_code(dotted: str, flag: str, doing: str = "") -> Iterator[None]:
    """Inside, the caller's own code runs.

    Args:
        doing: what was asked of it: "built with num_classes=6".

    Raises:
        OwnCodeError: it raised anything but an error of ours.
        MissingDependencyError: a module that it needs is not installed.
    """
    try:
        yield
    except EdgehumanError:
        raise
    except (Exception, SystemExit) as error:
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if absent is not None and absent.partition(".")[0] != "edgehuman":
            raise not_installed(absent, f"{flag} {dotted}") from error
        said = " ".join(f"{type(error).__name__}: {error}".split())
        asked = f", {doing}," if doing else ""
        raise OwnCodeError(
            f"{flag} {dotted}{asked} raised {said} (at {_place(error, dotted)}); mend it there"
        ) from error


def _place(error: BaseException, dotted: str) -> str:
    """The last line of the caller's own code that led to an error: "nets.py:12"."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    foreign = ("<", *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))
    lines = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        top = str(frame.f_globals.get("__name__")).partition(".")[0]
        mine = top == dotted.partition(":")[0].partition(".")[0]
        if mine or (top != "edgehuman" and not file.startswith(foreign)):
            lines.append(f"{file}:{line}")
    return lines[-1] if lines else "its call"


def own_network(dotted: str, modality_of: Mapping[str, str]) -> Network:
    """Return the row of the caller's own network.

    The class (or function) says with its attribute `record` what it reads; `method`, if it has
    one, names the pretraining method that it is made for, and `arguments` (a dict) is passed when
    it is built. Its size is counted when it is built: `params` and `flops` are 0 here.

    Args:
        modality_of: modality of each record that networks are built for.

    Raises:
        UsageError: see `own_object`; or an object that says no such record.
        MissingDependencyError, OwnCodeError: see `own_object`.
    """
    made = own_object(dotted, "--arch")
    record = getattr(made, "record", None)
    if not callable(made) or not isinstance(record, str) or record not in modality_of:
        raise UsageError(
            f"--arch {dotted}: its attribute record is {record!r}; say what the network reads, one "
            f"of: {', '.join(modality_of)} (in the class: record = {next(iter(modality_of))!r})"
        )
    with own_code(dotted, "--arch", "asked for its arguments"):
        arguments = dict(getattr(made, "arguments", {}))
    like = next(row for row in NETWORKS.values() if row.input == record)
    return Network(
        build=dotted,
        arguments=arguments,
        family="own",
        modality=modality_of[record],
        input=record,
        task=like.task,
        method=str(getattr(made, "method", "none")),
        params=0,
        params_paper="",
        flops=0,
        source="the caller's own",
    )
