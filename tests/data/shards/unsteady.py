"""A server of one tar file that breaks off, is busy, or answers something else."""

from __future__ import annotations

import contextlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


def tar_of(**files: bytes) -> bytes:
    """A plain tar of these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@dataclass
class Server:
    """How a server answers.

    Attributes:
        files: path -> content.
        codes: what it answers first, in turn.
        breaks: bytes after which it breaks off, in turn.
        ranges: whether it knows Range.
        tag: its ETag.
        kind: its Content-Type.
        if_range: whether it knows If-Range; otherwise it goes on with whatever it has now.
        part: if above 0, bytes that it sends at most at once, as a part (206) of the whole.
        asked: paths, with the Range if one was asked for.
    """

    files: dict[str, bytes]
    codes: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    tag: str = '"one"'
    kind: str = "application/x-tar"
    if_range: bool = True
    part: int = 0
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        wanted = handler.headers.get("Range", "")
        self.asked.append(f"{handler.path} {wanted}".strip())
        content = self.files.get(handler.path)
        code = self.codes.pop(0) if self.codes else (404 if content is None else 200)
        if content is None or code != 200:
            handler.send_response(code)
            handler.send_header("Retry-After", "0")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start, end = 0, len(content)
        is_same = handler.headers.get("If-Range") == self.tag or not self.if_range
        goes_on = bool(wanted) and self.ranges and is_same
        if goes_on or self.part:
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if goes_on else 0
            end = min(end, start + self.part) if self.part else end
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Type", self.kind)
        handler.send_header("ETag", self.tag)
        handler.send_header("Content-Length", str(end - start))
        handler.end_headers()
        stop = self.breaks.pop(0) if self.breaks else end
        handler.wfile.write(content[start:stop])
        handler.close_connection = True


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve for the block; `server.url` is where."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, format: str, *words: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield server
        running.shutdown()
        thread.join()


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
