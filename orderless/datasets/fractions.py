"""A seeded part of a data set, for runs on a fraction of the images."""

from orderless.files.seeds import generator

LEAST = {"train": 2, "test": 1}  # images of each class that every fraction keeps, as far as there are so many


def names(text: str) -> list[str]:
    """The names in a cell of the index that may hold several."""
    return [name for name in text.split(";") if name]


def share(items: list[int], fraction: float, least: int) -> int:
    """How many of the items a fraction keeps."""
    return min(len(items), max(least, round(fraction * len(items))))


def keep_fraction(rows: list[dict], fraction: float, seed: int, task: str) -> list[dict]:
    """A seeded share of the rows of an index, in their order; all of them for a fraction of 1.

    Classification: the fraction of the training and of the test images of each class, at least two and one.
    Retrieval: the fraction of the groups, at least two, each complete with the images that it ignores, and of the other images.
    """
    if fraction >= 1:
        return rows
    kept = fraction_of_groups(rows, fraction, seed) if task == "retrieval" else fraction_of_classes(rows, fraction, seed)
    return [row for number, row in enumerate(rows) if number in kept]


def fraction_of_classes(rows: list[dict], fraction: float, seed: int) -> set[int]:
    """The numbers of the rows to keep, by class. The rarest class comes first: an image of two classes counts for both."""
    kept: set[int] = set()
    for split, least in LEAST.items():
        of_split = [number for number, row in enumerate(rows) if row["split"] == split]
        members: dict[str, list[int]] = {}
        for place in generator(seed, "fraction", split).permutation(len(of_split)).tolist():
            for label in names(rows[of_split[place]].get("labels", "")) or [""]:
                members.setdefault(label, []).append(of_split[place])
        for _, numbers in sorted(members.items(), key=lambda item: (len(item[1]), item[0])):
            already = sum(number in kept for number in numbers)
            missing = max(0, share(numbers, fraction, least) - already)
            kept.update([number for number in numbers if number not in kept][:missing])
    return kept


def fraction_of_groups(rows: list[dict], fraction: float, seed: int) -> set[int]:
    """The numbers of the rows to keep, by clusters that share groups; the clusters with a query first, then the others."""
    clusters = connected(rows)
    with_query = {name for name, numbers in clusters.items() if any(rows[i].get("search") in ("query", "both") for i in numbers)}
    kept: set[int] = set()
    for purpose, part in (("asking", sorted(with_query)), ("other", sorted(set(clusters) - with_query))):
        order = generator(seed, "fraction", purpose).permutation(len(part)).tolist()
        for place in order[: share(order, fraction, 2)]:
            kept.update(clusters[part[place]])
    return kept


def connected(rows: list[dict]) -> dict[str, list[int]]:
    """Rows that are connected through their groups and ignored groups: name of a cluster -> numbers of its rows."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    groups = [names(row.get("group", "")) + names(row.get("ignored", "")) or [f";{number}"] for number, row in enumerate(rows)]
    for first, *others in groups:
        for other in others:
            leader[find(other)] = find(first)
    clusters: dict[str, list[int]] = {}
    for number, (first, *_) in enumerate(groups):
        clusters.setdefault(find(first), []).append(number)
    return clusters
