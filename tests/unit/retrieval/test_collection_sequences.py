"""An index after any sequence of changes to its folder: hypothesis looks for one after which an image no longer finds itself."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from orderless.files.storage import TensorsInMemory
from orderless.representations.vectors import Representations
from orderless.retrieval import collection, indices, listing
from orderless.retrieval.collection import Collection
from orderless.retrieval.indices import open_or_build

NAMES = st.sampled_from(["a.png", "b.png", "c.png", "B.png", "a/b.png", "a-b.png", "z/a.png", "ä.png"])
CONTENTS = st.sampled_from([bytes([number]) for number in range(6)])
WORDS, DIMENSIONS = 40, 8
PLAN = {
    "dense": {"normalisation": ["l2"]},
    "words": {"normalisation": ["idf", "l2"]},
    "both": {"fuse": ["dense", "words"], "rule": "sum"},
}


class SeededDescriber:
    """Stands where `Describer` would: the bytes of a file are the seed of its vector and of its bag of words."""

    described = 0  # files, by all of them

    def __init__(self, backbone, representation, **_):
        self.representation, self.plan, self.learned = representation, {"representations": PLAN}, {}

    @classmethod
    def of(cls, file, **_):
        return cls("seeded", file.header["describer"]["representation"])

    def fit(self, images, progress=None):
        """Nothing to learn."""

    def header(self):
        return {
            "describer": {"backbone": "seeded", "representation": self.representation, "weights": None, "catalog": {}, "seed": 0},
            "network": "",
        }

    def stored(self):
        return PLAN[self.representation].get("fuse", [self.representation])

    def finish(self, shards):
        return Representations(shards, self.plan)

    def encode(self, paths, progress=None):
        SeededDescriber.described += len(paths)
        described = [drawn(Path(path).read_bytes()) for path in paths]
        bags = [bag for _, bag in described]
        tensors = {"dense": np.stack([vector for vector, _ in described])}
        tensors |= {"words/words": np.concatenate(bags), "words/ends": np.cumsum([len(bag) for bag in bags])}
        tensors["words/weights"] = np.ones(len(tensors["words/words"]), np.float32)
        stored = {key: value for key, value in tensors.items() if key.split("/")[0] in self.stored()}
        return [TensorsInMemory(stored, {"dimensions": {"dense": DIMENSIONS, "words": WORDS}})]


def drawn(content):
    """The unit vector (DIMENSIONS,) and the bag of words (3 to 9,) that belong to a file's bytes."""
    rng = np.random.default_rng(list(hashlib.sha256(content).digest()))
    vector = rng.normal(size=DIMENSIONS)
    return (vector / np.linalg.norm(vector)).astype(np.float32), rng.integers(0, WORDS, rng.integers(3, 10))


class Folder(RuleBasedStateMachine):
    """A folder that somebody works in, and its index.

    contents: what the folder holds, by name. in_memory, in_file: the contents that have a vector in the index and in its file.
    """

    representation = "dense"

    def __init__(self):
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.folder, self.query = Path(self.scratch.name, "images"), Path(self.scratch.name, "query.png")
        self.file = self.folder / indices.index_name("seeded", self.representation)
        self.contents: dict[str, bytes] = {}
        self.in_memory: set[bytes] = set()
        self.in_file: set[bytes] = set()

    def teardown(self):
        self.scratch.cleanup()

    @initialize(contents=st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=4))
    def begin(self, contents):
        for name, content in contents.items():
            self.write(name, content)
        self.refresh(self.in_file, lambda: open_or_build(self.folder, representation=self.representation))
        self.in_file = self.in_memory

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.contents[name] = content

    @rule(name=NAMES, content=CONTENTS)
    def add_or_change(self, name, content):
        self.write(name, content)

    @rule(data=st.data(), new=NAMES)
    def rename(self, data, new):
        old = data.draw(st.sampled_from(sorted(self.contents)))
        (self.folder / new).parent.mkdir(exist_ok=True)
        (self.folder / old).rename(self.folder / new)
        self.contents[new] = self.contents.pop(old)

    @precondition(lambda self: len(self.contents) > 1)
    @rule(data=st.data())
    def remove(self, data):
        name = data.draw(st.sampled_from(sorted(self.contents)))
        (self.folder / name).unlink()
        del self.contents[name]

    @precondition(lambda self: len(self.contents) > 1)
    @rule(data=st.data())
    def remove_all_but_one(self, data):
        kept = data.draw(st.sampled_from(sorted(self.contents)))
        for name in self.contents.keys() - {kept}:
            (self.folder / name).unlink()
        self.contents = {kept: self.contents[kept]}

    @rule()
    def update(self):
        self.refresh(self.in_memory, lambda: self.index.updated(self.folder))

    @rule()
    def save_and_open(self):
        self.index.save(self.file)
        self.index, self.in_file = Collection.open(self.file), self.in_memory

    @rule()
    def search_as_the_command_does(self):
        self.refresh(self.in_file, lambda: open_or_build(self.folder, representation=self.representation))
        self.in_file = self.in_memory

    def refresh(self, before, make):
        """Take the index that `make` brings up to date from one of `before`: each new content is described once, no other again."""
        described = SeededDescriber.described
        self.index, self.in_memory = make(), set(self.contents.values())
        assert SeededDescriber.described - described == len(self.in_memory - before)
        assert sorted(self.index.images) == sorted(self.contents)
        for content in self.in_memory:
            self.query.write_bytes(content)
            ranking = self.index.search(self.query)
            best = {name for name, similarity in ranking if similarity > ranking[0][1] - 1e-4}
            assert best == {name for name, other in self.contents.items() if other == content}


@pytest.mark.parametrize("representation", PLAN)
def test_every_image_finds_itself_after_any_changes(monkeypatch, representation):
    monkeypatch.setattr("orderless.describer.Describer", SeededDescriber)
    monkeypatch.setattr(collection, "plan_of", lambda header: {"representations": PLAN})
    monkeypatch.setattr(indices, "BACKBONE", "seeded")
    monkeypatch.setattr(listing, "unreadable", lambda paths: {})
    machine = type("Folder", (Folder,), {"representation": representation})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=15, deadline=None))
