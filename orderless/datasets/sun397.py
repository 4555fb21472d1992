"""SUN397 (Xiao et al. 2010): 397 scenes; ten published partitions of 50 training and 50 test images a class."""

from pathlib import Path

from orderless.datasets.layouts import inside


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From the lists of the entry's `partition` (1 to 10), such as Training_01.txt, whose lines are paths: /a/abbey/sun_aaa.jpg."""
    images, rows = inside(root, "SUN397/a").parent, []
    for split, file in (("train", "Training"), ("test", "Testing")):
        for line in inside(root, f"Partitions/{file}_{entry['partition']:02d}.txt").read_text().splitlines():
            if name := line.strip().lstrip("/"):
                label = "/".join(name.split("/")[1:-1])  # without the first letter's folder: apse/indoor
                rows.append({"image": name, "path": str(images / name), "split": split, "labels": label})
    return rows
