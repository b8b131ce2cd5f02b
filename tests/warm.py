"""Programs of pages and examples, forked from one process that has PyTorch and its exporter loaded.

A page runs dozens of commands, and importing PyTorch takes most of each one's time. The programs
are the real ones, with their arguments, folder, environment and files; only the imports are shared.
Elsewhere than on Linux, and where the training half is not installed, Python starts as always.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tests.leaving import die_with_parent, leaving_words, start

ROOT = Path(__file__).resolve().parents[1]
_SHARED = ("edgehuman.cli", "torch", "torch._dynamo", "onnxscript", "onnxruntime")
# What stands between a shell and the server: it lends its files and ends as the program does.
_CLIENT = """
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
told = {"argv": sys.argv[2:], "cwd": os.getcwd(), "env": dict(os.environ)}
socket.send_fds(server, [json.dumps(told).encode() + b"\\n"], [0, 1, 2])
answer = server.recv(16)
os._exit(int(answer) if answer else 70)
"""


def python() -> list[str]:
    """The words that start Python, its own arguments to follow."""
    address = _server() if sys.platform == "linux" and _has_torch() else ""
    return [sys.executable, "-ISc", _CLIENT, address] if address else [sys.executable]


def program(path: Path, *words: str) -> Path:
    """Write an executable of a shell's script: Python, or what these arguments make of it."""
    line = shlex.join([*leaving_words(python()), *words])
    path.write_text(f'#!/bin/sh\nexec {line} "$@"\n')
    path.chmod(0o755)
    return path


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


@functools.cache
def _server() -> str:
    """Start the server of this test process; returns its address."""
    folder = tempfile.TemporaryDirectory(prefix="edgehuman-warm-")
    address = f"{folder.name}/socket"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.warm", address]
    process = start(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE)
    atexit.register(folder.cleanup)
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", "the server of warm programs did not start"
    return address


def serve(address: str) -> None:
    """Fork a program for each request, in turn; returns in the fork, as that program."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that hold the lines
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _hold(line)
        line.close()


def _hold(line: socket.socket) -> None:
    """Fork the program, wait for it and tell how it ended; returns in the fork."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_with_parent()
    told, files = _request(line)
    program = os.fork()
    if program == 0:
        line.close()
        die_with_parent()
        return _become(told, files)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(program)
    waited: list[Any] = [line, ended]
    if line in select.select(waited, [], [])[0]:
        os.kill(program, signal.SIGKILL)  # the client was stopped
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        line.sendall(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def _request(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, files, _, _ = socket.recv_fds(line, 1 << 20, 3)
    while not text.endswith(b"\n"):
        text += line.recv(1 << 20)
    return json.loads(text), files


def _become(told: dict[str, Any], files: list[int]) -> None:
    """Take on the files, folder and environment of who asked."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["env"])
    sys.path[:0] = [path for path in told["env"].get("PYTHONPATH", "").split(":") if path]
    sys.argv = told["argv"]


def run() -> None:
    """Run what the arguments say, as `python` does."""
    word, *rest = [word for word in sys.argv if word != "-u"] or ["-"]  # torchrun's: unbuffered
    if word == "-m":
        sys.argv = rest
        sys.path.insert(0, os.getcwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif word == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(rest[0], {"__name__": "__main__"})
    elif word == "-":
        exec(sys.stdin.read(), {"__name__": "__main__"})
    else:
        sys.path.insert(0, str(Path(word).resolve().parent))
        runpy.run_path(word, run_name="__main__")


def load() -> None:
    """Import what programs share, and fill the exporter's table, which takes as long as a trace."""
    for name in _SHARED:
        importlib.import_module(name)
    from edgehuman.export.graph.trace import OPSET
    from tests.export.traced import share_tables
    from tests.shared import share_simulated_windows

    share_tables()(opset_version=OPSET)
    share_simulated_windows()
    gc.collect()
    gc.freeze()


def end(code: object) -> NoReturn:
    """Leave as the interpreter does, but for taking PyTorch's million objects apart: half a second.

    Args:
        code: of SystemExit: a number, a text for standard error, or None.
    """
    if isinstance(code, str):
        print(code, file=sys.stderr)
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else code is not None)


if __name__ == "__main__":
    load()
    serve(sys.argv[1])
    try:
        run()
    except SystemExit as stop:
        end(stop.code)
    except BaseException:
        traceback.print_exc()
        end(1)
    end(0)
