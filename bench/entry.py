"""The one entry of every `python -m edgehuman.bench...`: words -> config -> function -> printed.

A mistake of the user ends in one line on stderr and the exit code of its error, as with `edgehuman`
itself: no traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome

ConfigT = TypeVar("ConfigT")


def main(
    config_class: type[ConfigT],
    function: Callable[[ConfigT], Outcome],
    words: Sequence[str] | None = None,
) -> int:
    """Resolve the words, run, print; returns the exit code.

    Args:
        words: what the user typed after the module's name; None takes them from the process.
    """
    module = _module_of(function)
    name = module.rpartition(".")[2]
    try:
        words = sys.argv[1:] if words is None else words
        outcome = function(resolve(config_class, words, prog=f"python -m {module}"))
    except EdgehumanError as error:
        return _say(name, str(error), error.exit_code)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("edgehuman"):
            raise
        missing = not_installed(error.name)
        return _say(name, str(missing), missing.exit_code)
    except KeyboardInterrupt:
        return _say(name, "stopped", 130)
    if outcome.text:
        print(outcome.text)
    return outcome.exit_code


def _module_of(function: Callable[[ConfigT], Outcome]) -> str:
    """What stands behind `python -m`; the module that was started with it is `__main__` itself."""
    spec = sys.modules[function.__module__].__spec__
    return function.__module__ if spec is None else spec.name


def _say(name: str, line: str, exit_code: int) -> int:
    print(f"{name}: {line}", file=sys.stderr)
    return exit_code
