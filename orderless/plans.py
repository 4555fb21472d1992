"""Reading a plan: what a backbone must compute (made by `orderless.catalog.plan`)."""

from typing import Any


def leaves(plan: dict[str, Any], name: str) -> list[str]:
    """The stored representations that a representation is made of: itself, or those of its stack."""
    row = plan["representations"][name]
    return [leaf for part in row["stack"] for leaf in leaves(plan, part)] if "stack" in row else [name]


def part(plan: dict[str, Any], names: list[str], stacks: list[str]) -> dict[str, Any]:
    """The part of a plan that some representations need: the stored ones named, and stacks of them."""
    rows = {name: plan["representations"][name] for name in dict.fromkeys([*names, *inner_stacks(plan, stacks)])}
    books = {row["codebook"]: plan["codebooks"][row["codebook"]] for row in rows.values() if "codebook" in row}
    sets = {entry["set"]: plan["sets"][entry["set"]] for entry in books.values()}
    return {"sets": sets, "codebooks": books, "representations": rows}


def inner_stacks(plan: dict[str, Any], names: list[str]) -> list[str]:
    """The stacks among some representations and inside them."""
    found = []
    for name in names:
        row = plan["representations"][name]
        if "stack" in row:
            found += [*inner_stacks(plan, row["stack"]), name]
    return found
