"""Every error the user can cause, in one tree.

    EdgehumanError                what the command line reports in one line, without a traceback
    ├── UsageError                the words were wrong: flag, recipe key, name        (exit code 2)
    ├── DataError                 a recording, a dataset folder or a record is wrong  (exit code 1)
    │   └── ImageError            one image cannot be read; whoever reads many counts it and goes on
    ├── ArtefactError             a model file is missing, foreign, corrupted or for another task
    │   ├── SignatureError        it is not signed by a trusted key, or was changed afterwards
    │   └── EngineError           the artefact is right but this machine cannot run it
    │       └── NoGpuError        because it has no GPU
    ├── CheckpointError           a training folder is missing, incomplete or of another network
    ├── TrainingError             the training went wrong: not-a-number loss, nothing to learn from
    ├── ParityError               an exported graph does not compute what the network computes
    ├── LicenceError              a model's lineage does not allow the use that was asked for
    ├── OwnCodeError              the caller's own network or logger raised; its file and its line
    └── MissingDependencyError    an optional package is needed; the message says how to install it

Each message names the value that was found, the rule that it broke, and the fix.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator, Sequence
from typing import Any

# What a terminal obeys instead of showing it, or shows as nothing: control characters, those that
# turn the writing or end a line, tags, halves of characters, which cannot be encoded, and what
# Unicode 15 calls Default_Ignorable_Code_Point - but for the joiners and variation selectors that
# emoji and several scripts are written with.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff\ud800-\udfff]"
)
# What the system answers when a path that was given cannot be looked at.
_UNREACHABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EROFS, errno.EIO, errno.ESTALE}
)
_SHOWN = 200
# No word of ours is longer, and no line: what is comes from outside.
_LONG_WORD = re.compile(rf"\S{{{_SHOWN + 1},}}")
_LONG_LINE = re.compile(r"[^\n]{2001,}")


def printable(text: str) -> str:
    """The text without what a terminal obeys, each word cut at 200 characters and each line at
    2000: names come from files and networks. Tabs and line ends stay.
    """
    text = _OBEYED.sub("?", text)
    if len(text) <= _SHOWN:
        return text
    text = _LONG_WORD.sub(lambda found: found[0][: _SHOWN - 1] + "…", text)
    return _LONG_LINE.sub(lambda found: found[0][:1999] + "…", text)


def safe_name(text: str) -> str:
    """A name from outside: one line of at most 200 characters, without what a terminal obeys."""
    text = _OBEYED.sub("?", text[:_SHOWN].replace("\n", "?").replace("\t", "?"))
    return text if len(text) < _SHOWN else text[: _SHOWN - 1] + "…"


class EdgehumanError(Exception):
    """The root: catch this to catch everything a user can cause."""

    exit_code = 1


class UsageError(EdgehumanError, ValueError):
    """The words were wrong: an unknown name, flag or recipe key, or a value outside its range."""

    exit_code = 2


class DataError(EdgehumanError, ValueError):
    """A recording, a dataset folder or a record breaks its contract."""


@contextlib.contextmanager
def saying_unreachable() -> Iterator[None]:
    """Turn the system's refusal to look at a path into a DataError; other errors pass.

    Raises:
        DataError: a name too long, no permission, or a disk that does not answer.
    """
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None and error.errno != errno.EIO  # a read names no file
        if unnamed or error.errno not in _UNREACHABLE:
            raise
        fix = "check the permissions of the file and of its folders, or give another path"
        if error.errno == errno.ENAMETOOLONG:
            fix = "give a shorter one"
        shown = "a file" if error.filename is None else str(error.filename)[:_SHOWN]
        raise DataError(f"{shown}: {error.strerror}; {fix}") from None


class ImageError(DataError):
    """One image cannot be read: not an image, cut short, damaged, or far too small."""


class ArtefactError(EdgehumanError, ValueError):
    """A model file is missing, foreign, corrupted, or made for another task."""


class SignatureError(ArtefactError):
    """A model file is not signed by a trusted key, or is not what was signed."""


class EngineError(ArtefactError):
    """The artefact is sound, but this machine or this build of the engine cannot run it."""


class NoGpuError(EngineError):
    """An NVIDIA GPU is needed, and the driver finds none here."""


class CheckpointError(EdgehumanError, ValueError):
    """A training folder is missing, incomplete, or holds another network."""


class TrainingError(EdgehumanError, RuntimeError):
    """The training cannot go on: a loss that is not a number, or no data to learn from."""


class ParityError(EdgehumanError, ValueError):
    """An exported graph does not compute what the network computes; nothing was written.

    Attributes:
        graph: the ONNX graph that failed, where there is one: `--explain` looks into it.
        ranking: layers by their sensitivity, where no choice of them was inside the budget.
    """

    graph: Any = None
    ranking: Sequence[Any] = ()


class LicenceError(EdgehumanError, ValueError):
    """The terms of what a model learned from do not allow the use, or nobody stated them."""


class OwnCodeError(EdgehumanError, RuntimeError):
    """The caller's own code, named by a dotted path, raised; its error is the cause of this one."""


class MissingDependencyError(EdgehumanError, ImportError):
    """An optional package is needed; the message holds the line that installs it."""
