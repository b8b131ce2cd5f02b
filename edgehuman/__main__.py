"""`python -m edgehuman`: the command line where `edgehuman` itself is not on the path."""

from __future__ import annotations

import sys

from edgehuman.cli import main

if __name__ == "__main__":
    sys.exit(main())
