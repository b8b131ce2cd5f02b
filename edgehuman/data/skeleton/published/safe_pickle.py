"""Pickles of arrays and plain containers, and of nothing else: loading one never runs its code.

Published poses are pickled numpy arrays. A pickle may name any function of any module; here it may
name only what an array is made of, and everything else is refused before it is called.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError

_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("collections", "OrderedDict"),
    # How old protocols write bytes.
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        # Older names of modules would warn; the new ones are there from numpy 2 on.
        try:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        except (ImportError, AttributeError):
            return super().find_class(module.replace("numpy._core", "numpy.core"), name)


def load_arrays(path: Path) -> Any:
    """What a pickle of arrays and plain containers holds.

    Raises:
        DataError: it cannot be read, is damaged, or names anything but arrays.
    """
    try:
        return _ArraysOnly(io.BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path}: not a pickle of arrays ({error}); only numpy arrays and plain containers are "
            "read from pickles, for others run code. Save it with numpy.save"
        ) from None
    except Exception as error:
        # A damaged pickle raises whatever its bytes happen to ask for.
        raise DataError(
            f"{path}: a damaged pickle ({type(error).__name__}: {error}); copy it again"
        ) from None
