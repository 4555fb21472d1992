"""Sizes of files, and errors of the disk as messages that a user can act on."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from orderless.errors import OrderlessError

FULL = (errno.ENOSPC, errno.EDQUOT)  # no space left; the user's quota is used up


class DiskError(OrderlessError):
    """The disk is full, or refuses to write."""


def size_of(path: Path) -> int:
    """The size of a file in bytes; 0 if it does not exist."""
    return path.stat().st_size if path.exists() else 0


@contextlib.contextmanager
def writing(path: Path, note: str = "") -> Iterator[None]:
    """Turn an error of the disk while `path` is written into a DiskError. note: a sentence added to its message.

    Errors of requests are OSErrors without a number; they pass through.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        reason = "the disk is full" if error.errno in FULL else str(error)
        raise DiskError(f"{path}: could not be written: {reason}. {note}Make room or repair the folder, then run again.") from error
