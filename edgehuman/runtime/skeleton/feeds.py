"""The feeds of skeletons: bytes from a file, a pipe or a socket, or simulated walkers, as blocks of
poses. Each is a `loop.source.Feed`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.kind import is_document
from edgehuman.preprocess.skeleton.formats.read import (
    PoseFile,
    lines_of,
    read_content,
    read_poses,
    remarks_of,
)
from edgehuman.runtime.loop.datagrams import EMPTY, Datagrams
from edgehuman.runtime.loop.senders import Senders
from edgehuman.runtime.loop.text import CHUNK, is_stream, next_chunk, read_lines
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock, PoseParser, pose_block, pose_row

WANTED = "JSON lines (UTF-8)"
_AT_ONCE = 256
_MOST = 1 << 30
_PEOPLE, _SIMULATED_S, _RATE_HZ = 3, 10.0, 24.0


class LineFeed:
    """A file or a pipe of JSON lines, or of JSON as a pose estimator writes it.

    Args:
        name: for messages and results.
        descriptor: an open file descriptor; owned: closed with the feed.
        declared: what the user states of the poses.
    """

    def __init__(
        self,
        name: str,
        descriptor: int,
        owned: bool = True,
        declared: Declared = UNDECLARED,
    ) -> None:
        self.name = name
        self._descriptor, self._owned = descriptor, owned
        self._declared = declared
        self._parser = PoseParser(declared=declared)
        self._whole: PoseFile | None = None

    def __iter__(self) -> Iterator[PoseBlock]:
        """Blocks until the end.

        Raises:
            DataError: none of its lines can be read.
        """
        first = bytearray()
        # Up to the end of the first line, or enough of it to tell; empty lines tell nothing.
        while not first or (b"\n" not in first and len(first) < CHUNK):
            chunk = next_chunk(self._descriptor)
            if chunk is None:
                break
            first += chunk if first else chunk.lstrip()
            yield NOTHING
        if is_document(bytes(first)):
            yield from self._document(bytes(first))
            return
        drop = self._parser.drop if is_stream(self._descriptor) else None
        for lines, at_end in read_lines(self._descriptor, self.name, WANTED, bytes(first), drop):
            if at_end and lines:
                yield self._parser.parse_last(lines[0])
            else:
                yield self._parser.parse(lines)
        if not self._parser.frames:
            reasons = "; ".join(self._parser.told)
            raise DataError(
                f"{self.name} holds no readable pose"
                + (f" ({self._parser.bad} dropped: {reasons})" if reasons else "; it is empty")
            )

    def _document(self, first: bytes) -> Iterator[PoseBlock]:
        """The poses of JSON that is not lines of our own, which is read to its end first.

        Raises:
            DataError: over 1 GiB; see `read_content`.
        """
        chunks, size = [first], len(first)
        while (chunk := next_chunk(self._descriptor)) is not None:
            chunks.append(chunk)
            size += len(chunk)
            if size > _MOST:
                raise DataError(
                    f"{self.name} is over {_MOST} bytes of JSON in one piece; give {WANTED}, which "
                    "are read as they arrive"
                )
            yield NOTHING
        self._whole = read_content(b"".join(chunks), self.name, self._declared)
        yield from file_blocks([self._whole])

    def report(self) -> dict[str, Any]:
        """Lines read and dropped, and why."""
        if self._whole is not None:
            return file_report([self._whole])
        return self._parser.report()

    def close(self) -> None:
        """Close the file."""
        if self._owned:
            self._owned = False
            os.close(self._descriptor)


class FileFeed:
    """A file or a folder of a pose estimator, read whole.

    Args:
        path: of the file or folder.
        declared: what the user states of the poses.
    """

    def __init__(self, path: Path, declared: Declared = UNDECLARED) -> None:
        self.name = str(path)
        self._path, self._declared = path, declared
        self._files: list[PoseFile] = []

    def __iter__(self) -> Iterator[PoseBlock]:
        """Blocks in the order of time.

        Raises:
            DataError: see `read_poses`.
        """
        self._files = read_poses(self._path, self._declared)
        yield from file_blocks(self._files)

    def report(self) -> dict[str, Any]:
        """Poses read, and what was assumed of them."""
        return file_report(self._files)

    def close(self) -> None:
        """Nothing to close."""


def file_blocks(files: Sequence[PoseFile]) -> Iterator[PoseBlock]:
    """The poses of whole files in the order of time.

    Raises:
        DataError: see `lines_of`.
    """
    lines = lines_of(files)
    for begin in range(0, len(lines), _AT_ONCE):
        yield pose_block([pose_row(line) for line in lines[begin : begin + _AT_ONCE]])


def file_report(files: Sequence[PoseFile]) -> dict[str, Any]:
    """Poses in whole files, and what was assumed of them."""
    rows = sum(len(lines) for file in files for lines in file.tracks.values())
    counts = {"rows": rows, "bad_poses": 0, "truncated": 0, "first_bad": []}
    return {**counts, "remarks": remarks_of(files)}


class PoseDatagramFeed:
    """UDP: one line of JSON per datagram, or several, such as those of everybody in one frame.

    Unreadable lines are counted. One sender is read (`loop.senders`), and what is known of its
    numbers is used for no other. Nothing that is sent ends the stream.

    Args:
        sender: read this one, "ADDRESS" or "ADDRESS:PORT"; None: the first.

    Attributes:
        address: where it listens, with the port that was chosen for 0.

    Raises:
        UsageError: no host:port, or no such sender.
        DataError: the address is taken or not available.
    """

    def __init__(
        self, spec: str, declared: Declared = UNDECLARED, sender: str | None = None
    ) -> None:
        self.name = spec
        self._senders, self._sender = Senders(sender), 0
        self._datagrams = Datagrams(spec, self._senders)
        self.address = self._datagrams.address
        self._garbage = 0
        self._parser = PoseParser(numbered=False, declared=declared)

    def __iter__(self) -> Iterator[PoseBlock]:
        """A block for each datagram; never ends."""
        for lines in self._datagrams:
            if lines is None:
                yield NOTHING
                continue
            if self._senders.changes != self._sender:
                self._sender = self._senders.changes
                self._parser.forget()
            bad = self._parser.bad
            block = self._parser.parse(lines)
            if not lines:
                self._parser.drop(EMPTY)
            garbage = self._parser.bad > bad
            self._garbage += garbage
            self._senders.heard(bool((block.joint_TJ3[..., 2] > 0).any()), garbage)
            yield block

    def report(self) -> dict[str, Any]:
        """Datagrams and lines received, those that could not be read, and why."""
        told = self._parser.report()
        return {
            **told,
            "remarks": [*self._senders.remarks, *told["remarks"]],
            "datagrams": self._datagrams.count,
            "lost_datagrams": self._datagrams.lost,
            "refused_datagrams": self._senders.refused,
            "garbage_datagrams": self._garbage,
        }

    def close(self) -> None:
        """Close the socket."""
        self._datagrams.close()


class WalkerFeed:
    """Simulated walkers, three at a time, new people every ten seconds; never ends.

    Args:
        seed: of the people and their walks.
        people: how many walk at once.
    """

    def __init__(self, seed: int, people: int = _PEOPLE) -> None:
        self.name = "simulated walkers"
        self._seed, self._people = seed, people
        self._frames = 0

    def __iter__(self) -> Iterator[PoseBlock]:
        """One block per frame, with everybody in it."""
        from edgehuman.simulate.skeleton.walks import simulate_skeletons

        frames, first = round(_SIMULATED_S * _RATE_HZ), 0
        while True:
            made = simulate_skeletons(
                num_people=self._people,
                each=1,
                seed=self._seed,
                frames=frames,
                rate_hz=_RATE_HZ,
                first_person=first,
            )
            begin_s = first // self._people * _SIMULATED_S
            for frame in range(frames):
                self._frames += self._people
                yield pose_block(
                    [
                        (
                            begin_s + frame / _RATE_HZ,
                            f"walker-{person}",
                            skeleton_TJ3[frame],
                            int(made.width_px),
                            int(made.height_px),
                        )
                        for person, skeleton_TJ3 in zip(
                            made.person_N.tolist(), made.skeleton_NTJ3, strict=True
                        )
                    ]
                )
            first += self._people

    def report(self) -> dict[str, Any]:
        """Frames given."""
        return {"rows": self._frames, "simulated": True}

    def close(self) -> None:
        """Nothing to close."""
