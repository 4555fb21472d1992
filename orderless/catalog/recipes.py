"""Recipes: the results of each data set with each network, as a configuration asks for them.

Read whenever the workflow is parsed: nothing heavy is imported here.
"""

import ast
from collections.abc import Iterable
from functools import cache
from typing import Any

from orderless.catalog import plans
from orderless.catalog.datasets import shard_count, task_of
from orderless.catalog.results import PLACES, SCRIPTS, VIEWED, Result, dataset_result, network_code, script, weights_results
from orderless.files.contents import ROOT, Contents, module_file

SECONDS = (".timings.csv",)  # what a job took, of descriptors and of representations


@cache
def uses_backend(kind: str) -> bool:
    """Whether an encoder computes with the backend that it is handed."""
    tree = ast.parse((ROOT / encoder_file(kind)).read_text())
    return any(isinstance(node, ast.Name) and node.id == "backend" for node in ast.walk(tree))


def encoder_file(kind: str) -> str:
    """The file of an encoder's kind."""
    return module_file(f"orderless.encoders.{kind}")


class Recipes:
    """The results of one data set with one network, each by its id in the plan; the same object whenever it is asked for."""

    def __init__(
        self,
        config: dict[str, Any],
        catalog: dict[str, dict],
        names: tuple[str, str],
        index: Result,
        weights: Result,
        contents: Contents,
    ):
        self.config, self.catalog, (self.dataset, self.backbone) = config, catalog, names
        self.index, self.weights, self.contents = index, weights, contents
        self.entry, self.task = catalog["backbones"][self.backbone], task_of(catalog, self.dataset)
        self.purpose = plans.SEARCHED if self.task == "retrieval" else plans.CLASSIFIED
        self.plan: plans.Plan = plans.make_plan(config, catalog, self.backbone, self.purpose, self.dataset)
        for row in self.plan["representations"].values():
            if "precomputed" in row:
                row["precomputed"] = row["precomputed"].format(dataset=self.dataset, folder=index.stem)
        self.names: list[str] = config[self.purpose]
        self.shards = int(contents.once(f"shards {self.dataset}", lambda: str(shard_count(config, catalog, self.dataset))))
        self.made: dict[tuple[str, str], Result] = {}

    def result(
        self, kind: str, name: str, made_of: dict[str, Any], inputs: dict[str, list[Result]], code: Iterable[str] = (), **more: Any
    ) -> Result:
        """A result of this data set and network, its script's code and `code` in its recipe."""
        stage, *below = PLACES.get(kind, SCRIPTS[kind].split("/")[0]).split("/")
        folder = "/".join(["results", stage, self.dataset, self.backbone, *below])
        digested = self.contents.code([script(SCRIPTS[kind]), *code])
        return self.made.setdefault((kind, name), Result(kind, folder, name, made_of | {"code": digested}, inputs, **more))

    def network(self, set_id: str | None = None) -> dict[str, Any]:
        """How a network is run: what it is shown, and where its roles are; for a set, those that it looks at."""
        layers = self.entry["layers"]
        if set_id is not None:
            layer = self.plan["sets"][set_id]["layer"]
            layers = {role: layers[role] for role in (layer.get("tap"), layer.get("guide")) if role}
        shown = {key: self.entry[key] for key in VIEWED if key in self.entry}
        return shown | {"layers": layers, "precision": self.config["precision"]}

    def extraction_code(self, *set_ids: str) -> list[str]:
        """The modules that the layers of some sets and the network choose."""
        sift = any("sift" in self.plan["sets"][set_id]["layer"] for set_id in set_ids)
        return network_code(self.entry) + ["orderless/activations/sift.py"] * sift

    def encoder(self, entry: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """An encoder's part of a recipe, and the modules of it and of the backend that it uses."""
        if not uses_backend(entry["kind"]):
            return {"encoder": entry}, [encoder_file(entry["kind"])]
        backend = self.config["encoding"]["backend"]
        return {"encoder": entry, "backend": backend}, [encoder_file(entry["kind"]), module_file(f"orderless.backends.{backend}")]

    def sample(self, set_id: str) -> Result:
        """Raw descriptors of a set, sampled from training images."""
        entry = self.plan["sets"][set_id]
        made_of = {key: value for key, value in entry.items() if key != "projection"}
        made_of |= {"network": self.network(set_id), "seed": self.config["seed"]}
        made_of["sample"] = self.config["sample"] | self.catalog["datasets"][self.dataset].get("sample", {})
        inputs = {"index": [self.index], "weights": [self.weights]}
        return self.result("sample", set_id, made_of, inputs, self.extraction_code(set_id))

    def projection(self, set_id: str) -> Result | None:
        """The projection of a set, if it has one."""
        choice = self.plan["sets"][set_id]["projection"]
        if not isinstance(choice, dict):
            return None
        return self.result("projection", set_id, {"projection": choice}, {"sample": [self.sample(set_id)]})

    def projected(self, set_id: str) -> Result:
        """The sample of a set, projected."""
        made_of = {"projection": self.plan["sets"][set_id]["projection"]}
        return self.result("projected sample", set_id, made_of, {"sample": [self.sample(set_id)]})

    def descriptors(self, set_id: str) -> Result:
        """The descriptors of all images in a set."""
        entry, projection = self.plan["sets"][set_id], self.projection(set_id)
        made_of = {"views": entry["views"], "layer": entry["layer"], "network": self.network(set_id)}
        made_of["projection"] = entry["projection"]
        inputs = {"index": [self.index], "weights": [self.weights], "projection": [projection] if projection else []}
        files = (".safetensors", ".timings.csv")
        return self.result("descriptors", set_id, made_of, inputs, self.extraction_code(set_id), files=files, shards=self.shards)

    def codebook(self, name: str) -> Result | None:
        """A codebook, if its encoder has one to learn."""
        entry = self.plan["codebooks"][name]
        if not plans.is_learned(entry["encoder"]):
            return None
        made_of, code = self.encoder(entry["encoder"])
        made_of |= {"seed": self.config["seed"]}
        if plans.is_supervised(entry["encoder"]):
            inputs = {"index": [self.index], "descriptors": [self.descriptors(entry["set"])]}
            return self.result("guidance", name, made_of, inputs, code)
        return self.result("codebook", name, made_of, {"sample": [self.projected(entry["set"])]}, code)

    def representation(self, name: str) -> Result:
        """The stored vectors of all images: of a representation that has no parts."""
        row, files = self.plan["representations"][name], (".safetensors", ".timings.csv")
        if "precomputed" in row:
            path = row["precomputed"]
            made_of = {"precomputed": path} | ({} if path.startswith(self.index.stem) else {"content": self.contents.file(path)})
            return self.result("representations", name, made_of, {"index": [self.index]}, files=files, shards=self.shards)
        made_of = {key: row[key] for key in ("pooling", "normalisation", "levels", "regions") if key in row}
        encoder, code = self.encoder(self.plan["codebooks"][row["codebook"]]["encoder"])
        codebook = self.codebook(row["codebook"])
        inputs = {"index": [self.index], "descriptors": [self.descriptors(row["set"])], "codebook": [codebook] if codebook else []}
        return self.result("representations", name, made_of | encoder, inputs, code, files=files, shards=self.shards)

    def reduction(self, name: str) -> Result | None:
        """The second projection of a stored representation, if it has one."""
        row = self.plan["representations"][name]
        if "reduce" not in row:
            return None
        inputs = {"index": [self.index], "representations": [self.representation(name)]}
        return self.result("reduction", name, {"reduce": row["reduce"], "seed": self.config["seed"]}, inputs)

    def finished(self, names: Iterable[str]) -> dict[str, list[Result]]:
        """The index, stored vectors and second projections that some representations are read from."""
        leaves = list(dict.fromkeys(leaf for name in names for leaf in plans.leaves(self.plan, name)))
        reductions = [reduction for leaf in leaves if (reduction := self.reduction(leaf))]
        return {"index": [self.index], "representations": [self.representation(leaf) for leaf in leaves], "reductions": reductions}

    def judged(self) -> dict[str, Any]:
        """What figures of merit are worked out with."""
        halves = {"halves": self.config["halves"]} if self.task == "multi-label" else {}
        return halves | {"seed": self.config["seed"], "task": self.task}

    def composed(self, name: str) -> dict[str, Any]:
        """The row of a representation with the rows of its parts inside."""
        row = self.plan["representations"][name]
        inner = {part: self.composed(part) for part in plans.parts(row)}
        kept = ("stack", "fuse", "rule", "of", "normalisation", *plans.SEARCH_OPTIONS)
        return {key: row[key] for key in kept if key in row} | ({"parts": inner} if inner else {})

    def scores(self, name: str) -> Result:
        """The classifiers of a representation, their scores of the test images, the figures."""
        made_of = self.judged() | {"classifier": self.config["classifier"], "row": self.composed(name)}
        return self.result(
            "scores", name, made_of, self.finished([name]), files=(".csv", ".safetensors", ".classifier.safetensors")
        )

    def similarities(self, name: str) -> Result:
        """The similarities of a search, and its figures."""
        metrics = self.catalog["datasets"][self.dataset].get("metrics", ["map", "p1"])
        made_of = {"metrics": metrics, "row": self.composed(name)}
        return self.result("similarities", name, made_of, self.finished([name]), files=(".csv", ".safetensors"))

    def figures(self, name: str) -> Result:
        """What judges a representation: its search where the data set is searched, else its classifiers."""
        return self.similarities(name) if self.task == "retrieval" else self.scores(name)

    def learned(self, names: Iterable[str]) -> dict[str, list[Result]]:
        """The projections and codebooks that new images need to be described by some representations."""
        rows = [self.plan["representations"][leaf] for name in names for leaf in plans.leaves(self.plan, name)]
        sets = dict.fromkeys(row["set"] for row in rows if "set" in row)
        codebooks = dict.fromkeys(row["codebook"] for row in rows if "codebook" in row)
        return {
            "projections": [projection for name in sets if (projection := self.projection(name))],
            "codebooks": [codebook for name in codebooks if (codebook := self.codebook(name))],
        }

    def study(self, name: str) -> Result:
        """What a study of the selected representations finds; files: what it leaves."""
        study = self.catalog["analyses"][name]
        network = {"index": [self.index], "weights": [self.weights]}
        if name == "pairs":
            inputs = {"scores": [self.figures(representation) for representation in self.names]}
            return self.result(name, name, self.judged(), inputs, files=(".csv",))
        if name == "scales":
            rows = plans.scale_rows(self.plan, study)
            made_of = self.judged() | {"classifier": self.config["classifier"], "rows": rows}
            return self.result(name, name, made_of, self.finished(row["id"] for row in rows), files=(".csv", ".pairs.csv"))
        if name == "timings":
            made_of = {"network": self.network(), "study": {key: study[key] for key in ("images", "scales")}}
            return self.result(name, name, made_of, network, self.extraction_code(), files=(".csv",))
        names = plans.studied(self.config, self.catalog, name)
        inputs = network | self.finished(names) | self.learned(names) | {"scores": [self.scores(each) for each in names]}
        rows = [self.plan["representations"][leaf] for each in names for leaf in plans.leaves(self.plan, each)]
        made_of = self.judged() | {"study": study, "names": names, "network": self.network()}
        code = [
            file
            for row in rows
            if "codebook" in row
            for file in self.encoder(self.plan["codebooks"][row["codebook"]]["encoder"])[1]
        ]
        if name == "invariance":
            code += self.extraction_code(*(row["set"] for row in rows if "set" in row))
            return self.result(name, name, made_of, inputs, code, files=(".csv",))
        inputs |= {"descriptors": [self.descriptors(row["set"]) for row in rows]}
        return self.result(name, name, made_of, inputs, code, files=(".csv", ".safetensors"))

    def studies(self) -> list[str]:
        """The selected studies that have results of their own; and pairs, by which every run is summarised."""
        selected = [] if self.task == "retrieval" else self.config["analyses"]
        return [name for name in ("scales", "invariance", "confidence", "timings") if name in selected] + ["pairs"]

    def repeats(self) -> list[str]:
        """The representations that the study of seeds makes again."""
        return [] if self.task == "retrieval" else [plans.repeated(*item) for item in plans.repeats(self.config, self.catalog)]

    def timed(self) -> tuple[list[Result], list[Result]]:
        """The descriptors and the stored vectors that the selected representations are made of: their seconds are reported."""
        leaves = list(dict.fromkeys(leaf for name in self.names for leaf in plans.leaves(self.plan, name)))
        sets = dict.fromkeys(row["set"] for leaf in leaves if "set" in (row := self.plan["representations"][leaf]))
        return [self.descriptors(name) for name in sets], [self.representation(leaf) for leaf in leaves]

    def asked(self) -> list[Result | tuple[Result, tuple[str, ...]]]:
        """What the reports are made of, as `missing.Work` takes it."""
        figures = [self.figures(name) for name in self.names] + [self.scores(name) for name in self.repeats()]
        seconds = [(result, SECONDS) for results in self.timed() for result in results]
        return [self.index, *figures, *seconds, *(self.study(name) for name in self.studies())]


def asked(rooms: dict[tuple[str, str], Recipes], cards: dict[str, Result]) -> list[Result | tuple[Result, tuple[str, ...]]]:
    """All that the reports of a run are made of."""
    return [*cards.values(), *(result for room in rooms.values() for result in room.asked())]


def all_recipes(
    config: dict[str, Any], catalog: dict[str, dict], contents: Contents
) -> tuple[dict[tuple[str, str], Recipes], dict[str, Result]]:
    """The recipes of every selected (data set, network), and the card of every network."""
    indices = {name: dataset_result(config, catalog["datasets"][name], name, contents) for name in config["datasets"]}
    networks = {name: weights_results(config, catalog["backbones"][name], name, contents) for name in config["backbones"]}
    rooms = {
        (dataset, backbone): Recipes(config, catalog, (dataset, backbone), indices[dataset], weights, contents)
        for dataset in indices
        for backbone, (weights, _) in networks.items()
    }
    return rooms, {name: card for name, (_, card) in networks.items()}
