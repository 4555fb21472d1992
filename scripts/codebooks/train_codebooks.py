"""Train a bundle of codebooks on the projected sample of training descriptors."""

import json

from orderless import backends, encoders
from orderless.files.jobs import run
from orderless.files.results import Together, name_of
from orderless.files.storage import save


def main(snakemake):
    params, entries, headers = snakemake.params, json.loads(snakemake.params.codebooks), json.loads(snakemake.params.headers)
    projected = Together(snakemake.input.samples, "projected sample")
    for path in snakemake.output.codebooks:
        name = name_of(path)
        entry = entries[name]
        axes = (params.seed, params.dataset, "codebook", name)
        x = projected[entry["set"]]
        codebook = encoders.fit(entry["encoder"], x, backends.get(params.backend, params.device), *axes)
        wanted, fewer = encoders.make(entry["encoder"]), {}
        if (fitted := encoders.fitted_to(wanted, len(x))) != wanted:
            fewer = {"fewer": f"{fitted.words} words instead of {wanted.words}, as {len(x)} descriptors were sampled"}
        save(path, codebook, "codebook", **fewer, **headers[name])
        print(f"{name} trained")


run(main, globals()["snakemake"])
