"""Load pickles of arrays and plain containers only: loading never runs code from the pickle.

Published poses are pickled numpy arrays. A pickle can name any function of any module; here it may
name only what arrays need, and everything else is rejected before it is called.
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
    # Used for bytes by old protocols.
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        # Old module names would warn; the new ones exist from numpy 2 on.
        try:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        except (ImportError, AttributeError):
            return super().find_class(module.replace("numpy._core", "numpy.core"), name)


def load_arrays(path: Path) -> Any:
    """Load a pickle of arrays and plain containers.

    Raises:
        DataError: it cannot be read, is damaged, or names anything except arrays.
    """
    try:
        return _ArraysOnly(io.BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path}: not a pickle of arrays ({error}); only numpy arrays and plain containers are "
            "allowed, because other pickles can run code. Save it with numpy.save"
        ) from None
    except Exception as error:
        # A damaged pickle can raise any exception.
        raise DataError(
            f"{path}: damaged pickle ({type(error).__name__}: {error}); copy it again"
        ) from None
