"""The index of a data set: written, read back, cut into shards."""

import pytest

from orderless.datasets.folder import index_folder
from orderless.datasets.index import classes, read_index, shard_rows, write_index
from orderless.errors import OrderlessError


def test_an_index_comes_back(folder, tmp_path):
    rows, _ = index_folder(folder, 0, "single-label", 0.3, "fail")
    write_index(rows, tmp_path / "index.csv")
    index = read_index(tmp_path / "index.csv")
    assert classes(index) == ["cat", "dog"]
    assert index["sha256"].str.len().eq(64).all()
    with pytest.raises(OrderlessError, match="listed twice"):
        write_index(rows + rows[:1], tmp_path / "twice.csv")


@pytest.mark.parametrize(("count", "shards"), [(10, 3), (7, 7), (100, 9)])
def test_shards_cover_every_row_once(count, shards):
    rows = [list(shard_rows(count, shards, k)) for k in range(shards)]
    assert [row for part in rows for row in part] == list(range(count))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1
