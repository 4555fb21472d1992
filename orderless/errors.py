"""The exception for errors that the user can correct."""

SHOWN = 60  # valid names that a message lists at most


class OrderlessError(Exception):
    """An error that the user can correct. The message names the file or key, and the remedy."""


def nearest(name: str, valid) -> str:
    """A sentence for the end of a message: "Did you mean ...?" with the most similar valid name, or the list of valid names."""
    from difflib import get_close_matches

    names = sorted(map(str, valid))
    close = get_close_matches(str(name), names, n=1)
    if close:
        return f" Did you mean '{close[0]}'?"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f" Valid: {', '.join(names[:SHOWN]) or 'none'}{more}."
