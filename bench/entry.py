"""Entry point of every `python -m edgehuman.bench...`: words -> config -> function -> printed text.

A user's mistake prints one line to stderr and exits with the code of its error, as `edgehuman`
does: no traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgehuman import process
from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome
from edgehuman.progress import tell

ConfigT = TypeVar("ConfigT")


def main(
    config_class: type[ConfigT],
    function: Callable[[ConfigT], Outcome],
    words: Sequence[str] | None = None,
) -> int:
    """Resolve the words, run, print; return the exit code.

    Args:
        words: what the user typed after the module's name; None: those of this process.
    """
    process.take_any_text()
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
    """The name to give to `python -m`; a module that was started so calls itself `__main__`."""
    spec = sys.modules[function.__module__].__spec__
    return function.__module__ if spec is None else spec.name


def _say(name: str, line: str, exit_code: int) -> int:
    tell(f"{name}: {line}")
    return exit_code
