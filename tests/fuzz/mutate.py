"""Hostile changes to a file that keep its form, so that they come past its header.

    mutated(content, "json", random.Random(7), 65_536)

Bytes alone rarely leave JSON readable, or a zip with the right checksums. Each form is taken apart,
one part of it changed, and put together again; a quarter of all changes are to plain bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from edgehuman.card import CARD_SEAL_KEY

# What readers stumble over, as the text of a JSON value.
_VALUES = (
    *("null", "true", "-1", "0", "-0.0", "1e308", "-1e308", "1e-320", "NaN", "Infinity"),
    *("-Infinity", "1e400", "9223372036854775808", "-9223372036854775809", '""', '"\\u0000"'),
    *('"\\ud800"', '"../../x"', '"nan"', '"1e999"', "[]", "{}", "[[]]", "[null]", '{"": 0}'),
    *("0.5", "16777217", "4294967296", '"2024-01-01T00:00:00Z"', "1.7e12", "1.7e18", "2"),
    *("1" * 400, "1" * 5000, "[" * 3000 + "]" * 3000, '"' + "a" * 3000 + '"'),
)
_BYTES = (
    *(b"\x00", b"\xff", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b",", b";", b"\t"),
    *(b'"', b"'", b"{", b"}", b"[", b"]", b"nan", b"inf", b"-", b"1e999", b"\x7f\xff\xff\xff"),
    *(b"\xff" * 8, b"\x80" * 10, b"\x1b]0;x\x07", b"1" * 5000, b"[" * 3000, b"\xc3\x28", b"--"),
)
_KINDS = (
    *("'<f4'", "'<f8'", "'|O'", "'<U9'", "'|V4'", "'<c16'", "'<M8[s]'", "'|b1'", "'<i8'", "'>f4'"),
    *("[('a', '<f4')]", "'<U1000000000'"),
)
_SHAPES = ("()", "(0,)", "(-1,)", "(1, 1)", "(99999999999, 9)", "(2, 6)", "(3,)")
_TAR_FIELDS = (
    *(b"0" * 11, b"7" * 11, b"\x80" + b"\0" * 10 + b"\1", b"\xff" * 12, b"S", b"L", b"x", b"g"),
    *(b"2", b"../x", b"\xff\xfe", b"-1", b" ", b"\0" * 12),
)
_MARK = "\x02%d\x03"


def mutated(content: bytes, form: str, rng: random.Random, most: int) -> bytes:
    """One file changed in a few places; at most so many bytes."""
    change = _FORMS.get(form, _plain)
    if rng.random() < 0.25:
        change = _plain
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        try:
            content = change(content, rng)
        except Exception:  # it has lost its form
            content = _plain(content, rng)
    return content[:most]


# Bytes and lines ----------------------------------------------------------------------------------


def _plain(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content or b"0")
    at = rng.randrange(len(data))
    kind = rng.randrange(8)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at] = rng.randrange(256)
    elif kind == 2:
        del data[at : at + rng.choice((1, 2, 8, 64))]
    elif kind == 3:
        data[at:at] = rng.choice(_BYTES)
    elif kind == 4:
        end = at + rng.choice((1, 4, 16, 200))
        data[at:at] = data[at:end]
    elif kind == 5:
        del data[at:]
    elif kind == 6:
        size = rng.choice((1, 2, 4, 8))
        data[at : at + size] = rng.choice((0, 1, 2**31, 2**63, 255)).to_bytes(9, "big")[-size:]
    else:
        other = rng.randrange(len(data))
        low, high = min(at, other), max(at, other)
        data[at:at] = data[low:high][:500]
    return bytes(data)


def _lines(content: bytes, rng: random.Random) -> bytes:
    """Rows of cells: a cell, a row or the line ends."""
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    kind = rng.randrange(7)
    if kind <= 2:
        mark = b";" if b";" in lines[at] else b"\t" if b"\t" in lines[at] else b","
        cells = lines[at].split(mark)
        cells[rng.randrange(len(cells))] = rng.choice(_VALUES).encode().strip(b'"')
        lines[at] = mark.join(cells)
    elif kind == 3:
        lines.insert(at, rng.choice(lines))
    elif kind == 4:
        del lines[at]
    elif kind == 5:
        return content.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\n", b"\r\r\n")))
    else:
        lines[at] = _plain(lines[at], rng)
    return b"\n".join(lines)


# JSON ---------------------------------------------------------------------------------------------


def _json(content: bytes, rng: random.Random) -> bytes:
    """A value, a key or an item, anywhere in the tree; of lines of JSON, in one of them."""
    try:
        return _one_json(content, rng)
    except ValueError:
        lines = content.split(b"\n")
        at = rng.randrange(len(lines))
        lines[at] = _one_json(lines[at], rng)
        if rng.random() < 0.2:
            lines.insert(at, rng.choice(lines))
        return b"\n".join(lines)


def _one_json(content: bytes, rng: random.Random) -> bytes:
    tree = json.loads(content)
    places = _places(tree)
    if not places:
        return rng.choice(_VALUES).encode()
    owner, key = rng.choice(places)
    value = rng.choice(_VALUES)
    kind = rng.randrange(6)
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, list):
        owner.insert(key, owner[key])
    elif kind == 1:
        owner[str(key) + rng.choice(("_", " ", "\0", "x"))] = owner.pop(key)
    elif kind == 2:
        other, name = rng.choice(places)
        owner[key] = json.loads(json.dumps(other.get(name) if isinstance(other, dict) else other))
    elif kind == 3 and isinstance(owner[key], (int, float)) and not isinstance(owner[key], bool):
        owner[key] = owner[key] * rng.choice((-1, 1e3, 1e-3, 1e9, 1e18, 1.0000001)) + rng.choice(
            (0, 1, -1, 0.5)
        )
    else:
        owner[key] = _MARK % 0
    return json.dumps(tree).replace(json.dumps(_MARK % 0), value).encode()


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    found, left = [], [tree]
    while left:
        node = left.pop()
        if isinstance(node, (dict, list)):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            found += [(node, key) for key in keys]
            left += [node[key] for key in keys]
    return found


def _toml(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    key, equals, _ = lines[at].partition(b"=")
    if not equals or rng.random() < 0.3:
        return _lines(content, rng)
    lines[at] = key + b"= " + rng.choice(_VALUES).encode()
    return b"\n".join(lines)


# Archives -----------------------------------------------------------------------------------------


def _zip(content: bytes, rng: random.Random) -> bytes:
    """One member, or how it is kept; the checksums are right again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    at = rng.randrange(len(members))
    name, data = members[at]
    kind = rng.randrange(8)
    if kind == 0:
        members[at] = (rng.choice(("../x", "/x", "a" * 300, "header.npy", "", "x\0y")), data)
    elif kind == 1:
        members.insert(at, rng.choice(members))
    elif kind == 2:
        del members[at]
    else:
        members[at] = (name, mutated(data, _form_of(name), rng, 65_536))
    squeeze = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", squeeze) as archive:
        for each, data in members:
            with archive.open(zipfile.ZipInfo(each), "w") as member:
                member.write(data)
    whole = file.getvalue()
    return _flagged(whole, rng) if kind == 3 else whole


def _flagged(content: bytes, rng: random.Random) -> bytes:
    """A member that says it is encrypted, packed by another method, or of another size."""
    data = bytearray(content)
    entry = data.rfind(b"PK\1\2")
    where, value = rng.choice(((8, 1), (10, 99), (10, 8), (24, 0xFFFFFFFF), (20, 3), (42, 7)))
    data[entry + where : entry + where + 2] = (value & 0xFFFF).to_bytes(2, "little")
    return bytes(data)


def _form_of(name: str) -> str:
    return {".npy": "npy", ".json": "json", ".csv": "lines"}.get(name[name.rfind(".") :], "bytes")


def _npy(content: bytes, rng: random.Random) -> bytes:
    """The header of an array; or JSON inside an array of bytes or of text."""
    size = int.from_bytes(content[8:10], "little")
    header, data = content[10 : 10 + size].decode("latin-1"), content[10 + size :]
    if data[:1] in b"{[" and rng.random() < 0.8:
        wide = 4 if data[1:4] == b"\0\0\0" else 1
        text = data.decode("utf-32-le" if wide == 4 else "utf-8", "replace").rstrip("\0")
        changed = _json(text.encode(), rng).decode()
        data = changed.encode("utf-32-le" if wide == 4 else "utf-8", "replace")
        kind = f"'<U{len(changed)}'" if wide == 4 else "'|u1'"
        shape = "()" if wide == 4 else f"({len(data)},)"
        header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}"
    else:
        kind, shape = rng.choice(_KINDS), rng.choice(_SHAPES)
        start = "{'descr': "
        other = header.split("'descr': ", 1)[1]
        header = start + (kind + ", " + other.split(", ", 1)[1] if rng.random() < 0.5 else other)
        if rng.random() < 0.5:
            header = header.split("'shape':")[0] + f"'shape': {shape}, }}"
    text_size = len(header) + 1
    padded = (header + " " * (-(10 + text_size) % 64) + "\n").encode("latin-1", "replace")
    return content[:8] + len(padded).to_bytes(2, "little") + padded + data


def _tar(content: bytes, rng: random.Random) -> bytes:
    """A member's data, or its header with the right checksum."""
    data = bytearray(content)
    blocks = [at for at in range(0, len(data) - 511, 512) if data[at + 257 : at + 262] == b"ustar"]
    at = rng.choice(blocks)
    if rng.random() < 0.3:
        size = int(bytes(data[at + 124 : at + 135]), 8)
        part = bytes(data[at + 512 : at + 512 + size])
        name = bytes(data[at : at + 100]).rstrip(b"\0").decode("latin-1")
        data[at + 512 : at + 512 + size] = mutated(part, _form_of(name), rng, size).ljust(size)
        return bytes(data)
    where, width = rng.choice(((0, 100), (124, 12), (124, 12), (156, 1), (136, 12), (345, 155)))
    value = rng.choice(_TAR_FIELDS)
    data[at + where : at + where + width] = value[:width].ljust(width, b"\0")
    data[at + 148 : at + 156] = b" " * 8
    total = sum(data[at : at + 512])
    data[at + 148 : at + 156] = f"{total:06o}\0 ".encode()
    return bytes(data)


# Others -------------------------------------------------------------------------------------------


def _safetensors(content: bytes, rng: random.Random) -> bytes:
    """The header, with the right length before it; a card in it too."""
    size = int.from_bytes(content[:8], "little")
    tree, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    about = tree.get("__metadata__", {})
    inner = [key for key, value in about.items() if value.startswith("{")]
    if inner and rng.random() < 0.6:
        key = rng.choice(inner)
        about[key] = _json(about[key].encode(), rng).decode()
        if CARD_SEAL_KEY in about:  # else the reader of the card is never reached
            about[CARD_SEAL_KEY] = hashlib.sha256(about[key].encode()).hexdigest()
        header = json.dumps(tree).encode()
    else:
        header = _json(json.dumps(tree).encode(), rng)
    return len(header).to_bytes(8, "little") + header + data


def _png(content: bytes, rng: random.Random) -> bytes:
    """A chunk, with the right checksum."""
    at, chunks = 8, []
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + size]))
        at += 12 + size
    place = rng.randrange(len(chunks))
    name, data = chunks[place]
    kind = rng.randrange(4)
    if kind == 0:
        chunks.insert(place, rng.choice(chunks))
    elif kind == 1:
        name = rng.choice((b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"iCCP", b"IEND"))
        chunks[place] = (name, data)
    else:
        chunks[place] = (name, _plain(data, rng))
    made = b"".join(
        len(part).to_bytes(4, "big") + tag + part + zlib.crc32(tag + part).to_bytes(4, "big")
        for tag, part in chunks
    )
    return content[:8] + made


_FORMS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "lines": _lines,
    "json": _json,
    "toml": _toml,
    "zip": _zip,
    "npy": _npy,
    "tar": _tar,
    "safetensors": _safetensors,
    "png": _png,
}
