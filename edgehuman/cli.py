"""The command line: words -> Config -> one function -> one printed result.

The sub-commands stand in `flags.commands`. Results go to stdout, progress and logs to stderr. Exit
code 0: done; 1: the run failed; 2: wrong arguments.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgehuman import catalogue, process
from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError, UsageError, printable, saying_unreachable
from edgehuman.flags.commands import COMMANDS, loads_models
from edgehuman.flags.outputs import apart
from edgehuman.flags.rows import ChoiceCommand, Command, ModelCommand
from edgehuman.flags.signed import SIGNED_FLAGS, requiring_signed
from edgehuman.flags.words import flag_value, recipe_table, take, take_recipe, wants_help
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome, to_json
from edgehuman.reading.secrets import without_secrets

if TYPE_CHECKING:
    from edgehuman.flags.completion import Offer

__all__ = ["COMMANDS", "ChoiceCommand", "Command", "ModelCommand", "call", "main", "offered"]


def offered() -> dict[str, Offer]:
    """What a shell completes: every command, with all configs that it may have."""
    from edgehuman.flags.completion import Offer

    paths: dict[str, list[str]] = {}
    for name, row in COMMANDS.items():
        if isinstance(row, Command):
            paths[name] = [row.config]
        elif isinstance(row, ModelCommand):
            paths[name] = [action.config for action in catalogue.served(row.step).values()]
        else:
            actions = row.rows().values()
            paths[name] = [each.config for each in actions] or [row.choose(["--help"])[0]]
    return {
        name: Offer(COMMANDS[name].summary, tuple(found), _signed_flags(name))
        for name, found in paths.items()
    }


def _signed_flags(name: str) -> tuple[tuple[str, str], ...]:
    return SIGNED_FLAGS if loads_models(name, COMMANDS[name]) else ()


def _summaries(word: str = "") -> dict[str, str]:
    """The summaries of all commands, or of those that begin with the word."""
    start = f"{word} " if word else ""
    own = {name: row.summary for name, row in COMMANDS.items() if name.startswith(start)}
    return own | ({} if word else {"help": "the flags of a command: edgehuman help run"})


def _find_command(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command's name and the words after it; commands may have two words."""
    for count in (2, 1):
        name = " ".join(words[:count])
        if name in COMMANDS:
            return name, list(words[count:])
    family = [name for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if family:
        said = f"{words[1]!r} is not one" if len(words) > 1 else "it is missing"
        raise UsageError(
            f"`edgehuman {words[0]}` needs a second word, but {said}: {', '.join(family)}"
        )
    catalogue.find({name.split()[0]: None for name in COMMANDS}, "command", words[0])
    raise AssertionError("unreachable: find() raises for an unknown name")


def _by_model(name: str, row: ModelCommand, words: Sequence[str]) -> catalogue.Action | None:
    """The step for the model in the words; the only one there is, whatever the words; None without
    a model if help is requested.

    Raises:
        UsageError: no model.
    """
    from edgehuman.runtime.run import find_step

    served: dict[str, catalogue.Action] = catalogue.served(row.step)
    if len(served) == 1:
        return next(iter(served.values()))
    action = find_step(row.step, words, recipe_table(words))
    if action is None and not wants_help(words):
        raise UsageError(
            f"edgehuman {name} needs a model: zoo:NAME, a path, or a name from `edgehuman "
            f"models`; e.g. {row.example}"
        )
    return action


def call(words: Sequence[str]) -> tuple[Outcome, bool]:
    """Run one command; its outcome, and whether JSON was requested."""
    name, rest = _find_command(words)
    with requiring_signed(rest, loads_models(name, COMMANDS[name])):
        return _call(name, rest)


def _call(name: str, rest: list[str]) -> tuple[Outcome, bool]:
    example, prog = (row := COMMANDS[name]).example, f"edgehuman {name}"
    if isinstance(row, ModelCommand):
        from edgehuman.runtime.run import help_page

        action = _by_model(name, row, rest)
        if action is None:
            return Outcome({}, help_page(name, row.step, row.summary)), False
        config_path, function_path = action.config, action.function
        example, prog = action.example or example, f"edgehuman {name} MODEL"
    elif isinstance(row, ChoiceCommand):
        config_path, function_path = row.choose(rest)
    else:
        config_path, function_path = row.config, row.function
    config_class = catalogue.load_object(config_path)
    if wants_help(rest):
        return Outcome({}, _page(name, config_path, rest, example)), False
    own_json = "json" in {f.name for f in dataclasses.fields(config_class)}
    as_json = not own_json and take(rest, "--json")
    config = resolve(config_class, rest, recipe := take_recipe(rest), prog=prog)
    function: Callable[..., Outcome] = catalogue.load_object(function_path)
    process.raise_again()
    if getattr(config, "model", None) in catalogue.NETWORKS:
        from edgehuman.export.catalogued import taking_names

        function = taking_names(function)
    if name != "info" and (hasattr(config, "model") or hasattr(config, "models")):
        from edgehuman.runtime.info import saying_random

        function = saying_random(function)
    given = (config, offered()) if name == "completion" else (config,)
    with apart(config, recipe):
        return function(*given), as_json


def _page(name: str, config_path: str, words: Sequence[str], example: str) -> str:
    """The help of one command; of one that chooses, with all choices and their examples."""
    from edgehuman.flags.page import Choices, first_sentence, page

    row, load = COMMANDS[name], catalogue.load_object
    if not isinstance(row, ChoiceCommand) or not row.flag:
        return page(name, row.summary, load(config_path), [example], also=_signed_flags(name))
    actions = row.rows()
    said = {}
    for value, action in actions.items():
        try:
            said[value] = first_sentence(load(action.config))
        except ModuleNotFoundError as error:  # the page of another choice is whole without it
            if error.name is None or error.name.partition(".")[0] == "edgehuman":
                raise
            said[value] = f"Needs {error.name}, which is not installed."
    given = flag_value(words, row.flag, recipe_table(words))
    chosen = given or next(value for value, each in actions.items() if each.config == config_path)
    choices = Choices(row.flag, said, chosen, given is not None)
    return page(
        name, row.summary, load(config_path), [each.example for each in actions.values()], choices
    )


@saying_unreachable()
def _answer(words: Sequence[str]) -> int:
    """Run the command and print its result; returns the exit code."""
    from edgehuman.flags import page as pages

    if words[:1] in (["help"], ["-h"], ["--help"]):
        words = [*(word for word in words[1:] if word not in ("-h", "--help")), "--help"]
    if not words or words[0] in ("-h", "--help"):
        print(pages.overview(_summaries()))
        return 0
    asks = words[0] not in COMMANDS and words[1:] in (["-h"], ["--help"])
    if asks and (family := _summaries(words[0])):
        print(pages.family(family))
        return 0
    if words[0] in ("-V", "--version"):
        if words[1:]:
            raise UsageError(f"{words[0]} stands alone; {words[1]!r} is one word too many")
        import edgehuman

        print(edgehuman.__version__)
        return 0
    outcome, as_json = call(words)
    text = outcome.text if outcome.exact else printable(outcome.text)
    if not _is_first():
        return outcome.exit_code
    if said := to_json(outcome.data) if as_json else text:
        print(said)
    return outcome.exit_code


def _is_first() -> bool:
    """Whether this process prints: of those that torchrun started for one training, one does."""
    if "RANK" not in os.environ:
        return True
    from edgehuman.training.settings import process_rank

    return process_rank() == 0


def main(words: Sequence[str] | None = None) -> int:
    """The entry point: returns the exit code."""
    if words is not None:
        return _code(list(words))
    from edgehuman.runtime.loop.standard import run_watched

    return run_watched(lambda: _code(sys.argv[1:]))


def _code(words: list[str]) -> int:
    """Run the words, and say what went wrong; returns the exit code."""
    try:
        exit_code = _answer(words)
        sys.stdout.flush()
        return exit_code
    except EdgehumanError as error:
        print(f"edgehuman: {printable(without_secrets(str(error)))}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "edgehuman":
            raise
        print(f"edgehuman: {(missing := not_installed(error.name))}", file=sys.stderr)
        return missing.exit_code
    except KeyboardInterrupt:
        print("edgehuman: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
