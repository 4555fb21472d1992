"""Studies beside the comparison: scales, invariance, confidence maps, timings, paired statistics, claims, seeds."""

from typing import Any


def with_levels(plan: dict[str, Any], name: str, levels: list[int], label: str) -> str:
    """Add a representation that looks only at some levels of another's views to the plan; return its id."""
    derived = f"{name}.{label}"
    plan["representations"][derived] = plan["representations"][name] | {"levels": levels}
    return derived


def scale_rows(plan: dict[str, Any], study: dict[str, Any]) -> list[dict[str, Any]]:
    """The representations of the scale study, added to the plan: rows of id, base, study (`alone` or `first`), scale (from 1)."""
    rows = []
    for kind in ("alone", "first"):
        for base in study[kind]:
            row = plan["representations"].get(base, {})
            if "set" not in row:
                continue
            for scale in range(1, plan["sets"][row["set"]]["views"]["scales"] + 1):
                levels = [scale - 1] if kind == "alone" else list(range(scale))
                found = with_levels(plan, base, levels, f"{kind}{scale}")
                rows.append({"id": found, "base": base, "study": kind, "scale": scale})
    return rows
