"""The exception for errors that the user can correct."""


class OrderlessError(Exception):
    """An error that the user can correct. The message names the file or key, and the remedy."""


def nearest(name: str, valid) -> str:
    """A sentence for the end of a message: "Did you mean ...?" with the most similar valid name, or the list of valid names."""
    from difflib import get_close_matches

    names = sorted(map(str, valid))
    close = get_close_matches(str(name), names, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Valid: {', '.join(names) or 'none'}."
