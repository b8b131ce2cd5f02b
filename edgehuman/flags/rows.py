"""What the command line holds of each sub-command; dotted paths are imported when it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgehuman import catalogue


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: dotted paths of its config and its function, a summary, an example."""

    config: str
    function: str
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class ChoiceCommand:
    """A sub-command whose config depends on a flag, such as `--method` or `--source`.

    Attributes:
        choose: words -> dotted paths of config and function.
        flag: the flag that chooses; "" if something else does.
        rows: value of the flag -> what it runs, for the help.
    """

    choose: Callable[[Sequence[str]], tuple[str, str]]
    summary: str
    example: str
    flag: str = ""
    rows: Callable[[], Mapping[str, catalogue.Action]] = dict


@dataclass(frozen=True, slots=True)
class ModelCommand:
    """A sub-command whose config depends on the model: a step of `catalogue.RECORDS`, chosen by the
    record in the model's card.
    """

    step: str
    summary: str
    example: str
