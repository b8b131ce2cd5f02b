"""docs/fuzzing.md from the results of `make fuzz`:

.venv/bin/python -m tests.fuzz.page .cache/fuzz/results.json [OTHER.json ...]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgehuman.files import write_whole

PAGE = Path(__file__).parents[2] / "docs" / "fuzzing.md"
_TEXT = """# Fuzzing: what was tried on every parser

Every reader of a file, a line or a datagram is attacked with changed files. A reader may refuse in
words (`edgehuman.errors`); it fails on any other error, a crash of the interpreter, an input of at
most 64 KiB that takes over three seconds, and one that takes a gigabyte of memory.

```
make fuzz                                   # a minute each; Linux on x86-64
make fuzz TARGET=gallery FUZZ_SECONDS=600   # one target, ten minutes
make test                                   # a seeded replay, on every platform
```

[atheris](https://github.com/google/atheris) drives each target in a process of its own and keeps
what reaches new branches of our code. Bytes alone rarely come past a header, so most changes keep
the form: a value in JSON or TOML, a cell in a row, a member of a zip, the header of an array or of
a tar with the right checksum (`tests/fuzz/mutate.py`). Inputs begin with small files that the
targets make themselves. What fails is kept in `.cache/fuzz/TARGET/found`, with the line that reads
it again.

## What was tried

{total:,} inputs to {count} targets, {seconds} seconds each, on {machine}. *Read*: accepted as a
valid file. *Edges*: branches of our code that were reached. *Slowest*: one input, seconds.

| target | inputs | read | a second | edges | slowest | peak MB | result |
|---|---|---|---|---|---|---|---|
{rows}

{more}"""
_MORE = """## What was found, and mended

The kind, not the case: one boundary (`edgehuman/reading/parsers.py`) stands around every call of a
parser of others, and a test finds each call outside of it.

| found | where | mended by |
|---|---|---|
"""

_FOUND = (
    (
        "RecursionError of deep JSON and TOML",
        "cards, galleries, side files, labels, recipes, checkpoints",
        "`json_of`, `foreign`",
    ),
    (
        "NotImplementedError, RuntimeError, zlib.error, TokenError, MemoryError of archives",
        "galleries, .npz, zips of sensors, weights",
        "`foreign`",
    ),
    (
        "a changed byte ends the process, or reads other memory",
        "MATLAB files read by scipy",
        "`data/mat_file.py` reads them itself",
    ),
    (
        "values of another type, or beyond 64 bits",
        "cards, compact files, COCO and folder labels, learnt ranges",
        "`require_types`, `containers.fields`",
    ),
    (
        "names with a zero or half a pair of surrogates",
        "labels of pictures and walks, COCO",
        "`is_name`",
    ),
    (
        "`_csv.Error`",
        "tables of poses, intervals of labels, DenseGait, ExtraSensory",
        "`foreign`",
    ),
    (
        "OverflowError of integers beyond any float",
        "recipes, labels, COCO",
        "told as a wrong value",
    ),
    (
        "a graph whose output has other axes than its card says",
        "models",
        "refused when opened, or at the first answer",
    ),
    (
        "a name of an own network that is no file name",
        "the default `--out` of a recipe",
        "letters, digits, `.`, `-`, `_` alone",
    ),
    (
        "the decoder makes room for the size that a PNG's chunk states: 35 bytes take 4 GB",
        "pictures, masks",
        "`limits/png.py`, before it is decoded",
    ),
    (
        "places beyond 63 bits in BigTIFF",
        "pictures",
        "refused with the other wrong places",
    ),
    (
        "a few kB become gigabytes: cells, rows of text, complex numbers, packed data",
        "MATLAB files",
        "counts and bytes are bounded (`data/mat_file.py`)",
    ),
    (
        "`bytearray` of any size, which PyTorch's safe loader calls",
        "checkpoints of others",
        "refused by name (`training/foreign.py`)",
    ),
    (
        "files without an end, or sparse, read whole",
        "poses, labels, pickles, models, texts of data sets",
        "`read_bounded`; a test finds each read without a limit",
    ),
    (
        "InternalError of the key's parser",
        "private keys",
        "`foreign`",
    ),
    (
        "integers beyond 64 bits; windows and pictures of any size",
        "contracts of foreign teachers, recipes",
        "`read_table` refuses them; the contract has limits",
    ),
    (
        "names too long for any file",
        "plans of packed shards, DenseGait",
        "`is_name`",
    ),
    (
        "lines with another type",
        "the index of kept answers",
        "`require_types`",
    ),
)


def page(results: dict[str, Any]) -> str:
    """The page of the results that `tests.fuzz.run --json` wrote."""
    rows = "\n".join(map(_row, results["rows"]))
    took = [round(row["seconds"]) for row in results["rows"]]
    total = sum(row["inputs"] for row in results["rows"])
    return _TEXT.format(
        total=total,
        count=len(results["rows"]),
        seconds=f"{min(took)} to {max(took)}" if min(took) < max(took) else took[0],
        machine=results["machine"],
        rows=rows,
        more=_MORE + "".join(f"| {' | '.join(found)} |\n" for found in _FOUND),
    )


def _row(row: dict[str, Any]) -> str:
    rate = row["inputs"] / max(row["seconds"], 1.0)
    return (
        f"| {row['target']} | {row['inputs']:,} | {row['read']:,} | {rate:,.0f} "
        f"| {row['branches']} | {row['slowest_s']:.2f} | {row['peak_mb']} "
        f"| {'; '.join(row['failed']) or 'held'} |"
    )


def _joined(files: Sequence[str]) -> dict[str, Any]:
    """The results of several runs as those of one; of a target, the last that is named."""
    last: dict[str, dict[str, Any]] = {}
    results: dict[str, Any] = {}
    for file in files:
        results = json.loads(Path(file).read_text(encoding="utf-8"))
        last |= {row["target"]: row for row in results["rows"]}
    return {**results, "rows": [*last.values()]}


if __name__ == "__main__":
    write_whole(PAGE, page(_joined(sys.argv[1:])).encode())
