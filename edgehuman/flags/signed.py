"""`--require-signed` and `--trusted-key`: the flags of every command that loads a named model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from edgehuman.errors import UsageError
from edgehuman.flags.words import take, take_path

REQUIRE, KEY = "--require-signed", "trusted-key"
SIGNED_FLAGS = (
    (
        REQUIRE,
        "Load only models that a trusted key signed; EDGEHUMAN_REQUIRE_SIGNED=1 does so always.",
    ),
    (
        f"--{KEY} PATH",
        "The public key, or a folder of them, in place of ~/.config/edgehuman/trusted (or "
        "EDGEHUMAN_TRUSTED_KEYS); requires signatures too.",
    ),
)


@contextlib.contextmanager
def requiring_signed(words: list[str], takes: bool) -> Iterator[None]:
    """Take the flags out of the words, and do what they say inside the block.

    Args:
        takes: whether the command has them; those of another stay, and are unknown to it.

    Raises:
        UsageError: a flag without its value.
    """
    if takes and (valued := [word for word in words if word.startswith(f"{REQUIRE}=")]):
        raise UsageError(f"{valued[0]}: {REQUIRE} takes no value; give it alone, or leave it out")
    required = takes and take(words, REQUIRE)
    key = take_path(words, KEY, "a public key, or a folder of them") if takes else None
    if not required and key is None:
        yield
        return
    from edgehuman.runtime.provenance.trusted import requiring

    with requiring(key):
        yield
