"""`edgehuman zoo get`: fetch a model that is too large for the wheel.

    edgehuman zoo get person-garments                  into the user's cache: zoo:person-garments
    edgehuman zoo get person-garments --out g.onnx     into a file

The file is compared with the SHA-256 in `runtime.zoo`, so it does not matter who served it, and is
written whole or not at all.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.card import sha256_of_file
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.files import require_usable_file, writing
from edgehuman.install import VERSION
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar
from edgehuman.runtime.zoo import FETCHED, ZOO, Fetched, cached, zoo_names

RELEASES = "https://github.com/edgehuman/edgehuman/releases/download"
"""The address of a model: this, the version's tag, and the file's name."""
ADDRESS_KEY = "EDGEHUMAN_ZOO_URL"
"""Environment variable: another address of the folder with the files, such as a mirror."""
_BLOCK = 1 << 18
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class GetConfig:
    """Fetch a model of the zoo that is too large for the wheel.

    Attributes:
        name: the model, such as person-garments.
        out: write the file here; default: the user's cache, from where zoo:NAME is loaded.
    """

    name: Positional[str]
    out: Path | None = None


def get(config: GetConfig) -> Outcome:
    """`edgehuman zoo get`.

    Raises:
        UsageError: an unknown name, or an address that is not http(s).
        ArtefactError: the file cannot be fetched, is another one, or cannot be written.
    """
    name = config.name.removeprefix(ZOO)
    if name not in FETCHED and ZOO + name in zoo_names():
        raise UsageError(
            f"{ZOO}{name} comes with the installation; models to fetch: {', '.join(FETCHED)}"
        )
    wanted: Fetched = catalogue.find(FETCHED, "model to fetch", name)
    path = config.out or cached(name)
    require_usable_file(path, f"--out {path}" if config.out else f"{path}", ArtefactError)
    kept = path.is_file() and sha256_of_file(path) == wanted.sha256
    url = f"{_address()}/{name}.onnx"
    if not kept:
        fetch(url, wanted, path)
    data = {"name": ZOO + name, "path": str(path), "bytes": wanted.size, "sha256": wanted.sha256}
    model = str(path) if config.out else ZOO + name
    done = "is here already" if kept else f"{wanted.size / 1e6:.1f} MB, SHA-256 as released"
    return Outcome({**data, "fetched": not kept}, f"{path}: {done}. Model: {model}")


def fetch(url: str, wanted: Fetched, path: Path) -> None:
    """Download a file whose size and hash are known; nothing is left unless all of it is right.

    Raises:
        ArtefactError: it cannot be fetched, is another file, or cannot be written.
    """
    try:
        with writing(path) as partial:
            _copy(url, wanted, partial)
    except OSError as error:
        raise ArtefactError(
            f"cannot write to {path} ({error.strerror or error}); nothing was kept. Choose another "
            "--out, set XDG_CACHE_HOME to another folder, or free some space"
        ) from None


def _copy(url: str, wanted: Fetched, path: Path) -> None:
    """Copy the answer of a server to a path.

    Raises:
        ArtefactError: no answer, a broken connection, or another file.
        OSError: it cannot be written.
    """
    digest, count = hashlib.sha256(), 0
    name = url.rpartition("/")[2]
    with (
        path.open("wb") as file,
        progress_bar(total=wanted.size, desc=name, unit="B", unit_scale=True, delay=1) as bar,
    ):
        for block in _blocks(url):
            count += len(block)
            if count > wanted.size:
                break
            digest.update(block)
            file.write(block)
            bar.update(len(block))
    if count < wanted.size:
        raise ArtefactError(
            f"{url}: the connection ended after {count} of {wanted.size} bytes; nothing was kept. "
            "Run the command again"
        )
    if count > wanted.size or digest.hexdigest() != wanted.sha256:
        found = f"more than {wanted.size} bytes" if count > wanted.size else digest.hexdigest()
        raise ArtefactError(
            f"{url} is not the released file: found {found}, expected SHA-256 {wanted.sha256}; "
            f"nothing was kept. Check {ADDRESS_KEY} and the network's proxy, or update edgehuman"
        )


def _blocks(url: str) -> Iterator[bytes]:
    """Yield the answer block by block.

    Raises:
        ArtefactError: no answer, or a connection that fails.
    """
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "edgehuman"})
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            while block := answer.read(_BLOCK):
                yield block
    except urllib.error.HTTPError as error:
        raise ArtefactError(
            f"{url}: the server answered {error.code} {error.reason}. Update edgehuman, or set "
            f"{ADDRESS_KEY} to the address of a folder with the file"
        ) from None
    except http.client.IncompleteRead:
        return  # reported with the count
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise ArtefactError(
            f"cannot fetch {url} ({reason}); nothing was kept. Check the network, or set "
            f"{ADDRESS_KEY} to the address of a folder with the file"
        ) from None


def _address() -> str:
    """The address of the folder with the files.

    Raises:
        UsageError: it is not of http or https.
    """
    said = os.environ.get(ADDRESS_KEY, "").rstrip("/")
    if said and not said.startswith(("http://", "https://")):
        raise UsageError(f"{ADDRESS_KEY} is {said!r}; it must begin with http:// or https://")
    return said or f"{RELEASES}/v{VERSION}"
