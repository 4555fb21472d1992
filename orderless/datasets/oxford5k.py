"""Oxford5k (Philbin et al. 2007) and Paris6k (Philbin et al. 2008): 55 queries, which are boxes in images of 11 landmarks.

For each query an image of the database is good, ok (both match), junk (does not count), or none of these. A query image is the
part inside its box; the image that it is cut from stays in the database, as in the evaluation of the data sets' authors.
Projections and codebooks are learned on the images of the database that match no query.
"""

from pathlib import Path

from orderless.datasets.layouts import by_stem, lines
from orderless.errors import OrderlessError


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From <query>_query.txt (image, left, top, right, bottom) and <query>_good.txt, _ok.txt and _junk.txt (image names)."""
    images, query_files = by_stem(root), sorted(root.rglob("*_query.txt"))
    if not query_files:
        raise OrderlessError(f"{root}: has no '<query>_query.txt'. Unpack the ground truth beside the images.")
    matches: dict[str, list[str]] = {name: [] for name in images}
    junk: dict[str, list[str]] = {name: [] for name in images}
    queries = []
    for file in query_files:
        query = file.name.removesuffix("_query.txt")
        for kind, column in (("good", matches), ("ok", matches), ("junk", junk)):
            for (name,) in lines(file.with_name(f"{query}_{kind}.txt")):
                if name in column:
                    column[name].append(query)
        name, *corners = lines(file)[0]
        name = name.removeprefix("oxc1_")
        if name not in images:
            raise OrderlessError(f"{file}: names the image '{name}', which is not below {root}. Unpack all archives there.")
        left, top, right, bottom = (float(value) for value in corners)
        row = {"image": f"queries/{query}.jpg", "path": str(images[name]), "split": "test", "search": "query", "group": query}
        queries.append(row | {"box": (left, top, right - left, bottom - top)})
    database = []
    for name, path in sorted(images.items()):
        row = {"image": path.name, "path": str(path), "split": "train", "search": "database"}
        database.append(row | {"group": ";".join(matches[name]), "ignored": ";".join(junk[name])})
    return queries + database
