"""The one exception a user is meant to read."""


class OrderlessError(Exception):
    """Something the user can mend: the message names the file or key and the remedy."""


def nearest(name: str, valid) -> str:
    """' Did you mean ...?' for a misspelt name, or the list of valid ones."""
    from difflib import get_close_matches

    names = sorted(map(str, valid))
    close = get_close_matches(str(name), names, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Valid: {', '.join(names) or 'none'}."
