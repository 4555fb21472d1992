"""Orderless pooling of deep activations on the command line: compare representations, find images, turn them into vectors."""

import argparse
import os
import sys
import warnings
from importlib.metadata import version

from orderless.commands import data, describe, duplicates, listing, rank, results, search
from orderless.errors import OrderlessError

COMMANDS = {"rank": rank, "search": search, "duplicates": duplicates, "describe": describe}
COMMANDS |= {"list": listing, "data": data, "results": results}
EXAMPLES = "\n".join(module.EXAMPLES.splitlines()[1] for module in COMMANDS.values())
STOPPED = "\nStopped. Files that were there are as they were, nothing is half written. The same command begins again."


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    plain = argparse.RawDescriptionHelpFormatter
    epilog = f"examples:\n{EXAMPLES}\n\nEach command has its own --help."
    found = argparse.ArgumentParser("orderless", description=__doc__, epilog=epilog, formatter_class=plain)
    found.add_argument("--version", action="version", version=f"orderless {version('orderless')}")
    commands = found.add_subparsers(dest="command", required=True, metavar="command")
    for module in COMMANDS.values():
        module.add(commands)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run a command. A user's error is one line on the error stream and status 1, Ctrl-C one line and status 130."""
    args = parser().parse_args(arguments)
    warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
    try:
        COMMANDS[args.command].run(args)
    except OrderlessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(getattr(COMMANDS[args.command], "STOPPED", STOPPED), file=sys.stderr)
        return 130
    except BrokenPipeError:  # `orderless ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
