"""What is the caller's own and named by a dotted path: networks and loggers.

    --arch mypackage.nets:MyNet           class MyNet(nn.Module): record = "ImuWindow"
    --logger mypackage.loggers:MyLogger

Naming it runs its module, as `import` does; the search path is Python's own and is not changed.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.tables.networks import NETWORKS, Network


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
    """
    module, _, name = dotted.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise UsageError(f"{flag} is {dotted!r}; your own is named package.module:name")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # a module that the caller's own module needs
        raise UsageError(
            f"{flag} {dotted}: there is no module {error.name}; install its package, or name the "
            "folder that holds it: PYTHONPATH=. edgehuman ..."
        ) from None
    if not hasattr(found, name):
        near = difflib.get_close_matches(name, dir(found), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{flag} {dotted}: module {module} has no {name}.{hint}")
    return getattr(found, name)


def own_network(dotted: str, modality_of: Mapping[str, str]) -> Network:
    """Return the row of the caller's own network.

    The class (or function) says with its attribute `record` what it reads; `method`, if it has
    one, names the pretraining method that it is made for, and `arguments` (a dict) is passed when
    it is built. Its size is counted when it is built: `params` and `flops` are 0 here.

    Args:
        modality_of: modality of each record that networks are built for.

    Raises:
        UsageError: see `own_object`; or an object that says no such record.
    """
    made = own_object(dotted, "--arch")
    record = getattr(made, "record", None)
    if not callable(made) or not isinstance(record, str) or record not in modality_of:
        raise UsageError(
            f"--arch {dotted}: its attribute record is {record!r}; say what the network reads, one "
            f"of: {', '.join(modality_of)} (in the class: record = {next(iter(modality_of))!r})"
        )
    like = next(row for row in NETWORKS.values() if row.input == record)
    return Network(
        build=dotted,
        arguments=dict(getattr(made, "arguments", {})),
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
