"""Oxford5k (Philbin et al. 2007) and Paris6k (Philbin et al. 2008): 55 queries, boxes in images of 11 landmarks each.

For each query every image of the database is good, ok (both match), junk (does not count), or none of them. A query is its box,
cut out; the image it is from stays in the database, as in the sets' own evaluation. Projections and codebooks are learned on the
database, without what matches.
"""

from pathlib import Path

from orderless.datasets.contract import by_stem, lines
from orderless.errors import OrderlessError


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """<query>_query.txt names image, left, top, right, bottom; <query>_good.txt, _ok.txt and _junk.txt name images."""
    images, asked = by_stem(root), sorted(root.rglob("*_query.txt"))
    if not asked:
        raise OrderlessError(f"{root}: has no '<query>_query.txt'. Unpack the ground truth beside the images.")
    matches: dict[str, list[str]] = {name: [] for name in images}
    junk: dict[str, list[str]] = {name: [] for name in images}
    queries = []
    for file in asked:
        query = file.name.removesuffix("_query.txt")
        for kind, column in (("good", matches), ("ok", matches), ("junk", junk)):
            for (name,) in lines(file.with_name(f"{query}_{kind}.txt")):
                if name in column:
                    column[name].append(query)
        name, *corners = lines(file)[0]
        name = name.removeprefix("oxc1_")
        if name not in images:
            raise OrderlessError(f"{file}: asks with '{name}', of which there is no image below {root}. Unpack all archives there.")
        left, top, right, bottom = (float(value) for value in corners)
        row = {"image": f"queries/{query}.jpg", "path": str(images[name]), "split": "test", "search": "query", "group": query}
        queries.append(row | {"box": (left, top, right - left, bottom - top)})
    found = []
    for name, path in sorted(images.items()):
        row = {"image": path.name, "path": str(path), "split": "train", "search": "database"}
        found.append(row | {"group": ";".join(matches[name]), "ignored": ";".join(junk[name])})
    return queries + found
