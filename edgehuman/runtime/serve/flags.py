"""The flags of what stands beside a live run: the page, sinks, and a record of its input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from edgehuman.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class LiveFlags:
    """The page of a run, where its results go besides, and a record of what it was given."""

    HELP_GROUP: ClassVar[str] = "beside the run"
    serve: str | None = None
    """Show the run on a page: PORT of this machine alone, or HOST:PORT, as 0.0.0.0:8080."""
    serve_token: Path | None = None
    """A file with the token that opens the page; made if it is not there (default: a new token at
    every start)."""
    serve_name: tuple[str, ...] = ()
    """Further names by which the page may be asked for, such as camera.local."""
    serve_cert: Path | None = None
    """Encrypt the page: a certificate in PEM."""
    serve_key: Path | None = None
    """The certificate's key in PEM, unencrypted."""

    webhook: str | None = None
    """POST results as JSON to this address, https://...; what it is too slow for is dropped."""
    metrics: Path | None = None
    """Write counts in Prometheus' text format to this file, every 15 s; a page has them as
    /metrics."""

    record: Path | None = None
    """Keep what the run is given in this new folder; `--source` of it replays it, with the same
    results."""
    record_mb: float = 1000.0
    """Room of that folder, in MB; if it is used up, the oldest is removed."""

    @property
    def live(self) -> LiveFlags:
        """These flags, of a config that has others too."""
        return self

    def given(self) -> list[str]:
        """The flags that ask for something, as they are typed."""
        names = ("serve", "webhook", "metrics", "record")
        return [f"--{name}" for name in names if getattr(self, name) is not None]

    def require_page(self) -> None:
        """Raises UsageError for a flag of the page without --serve."""
        given = {
            "--serve-token": self.serve_token,
            "--serve-name": self.serve_name or None,
            "--serve-cert": self.serve_cert,
            "--serve-key": self.serve_key,
        }
        for flag, value in given.items():
            if value is not None and self.serve is None:
                raise UsageError(f"{flag} is for the page; add --serve PORT, or leave {flag} out")
