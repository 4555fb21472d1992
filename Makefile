# `make` alone says what there is. `make demo` runs the embedded default and leaves a report; `make test` passes the tests.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help demo test check bench docs scene15 experiments lock clean

help:
	@grep -E '^[a-z0-9]+:.*  # ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z0-9]+):[^#]*# /make \1\t/' | expand -t 20

demo: .venv/ready  # set up, run the embedded default, write its report
	snakemake --cores all --show-failed-logs --quiet rules
	@$(MAKE) --no-print-directory reports/demo/report.html
	@echo "The report: $(CURDIR)/reports/demo/report.html"

reports/demo/report.html: reports/demo/metrics.csv reports/demo/run.html $(wildcard reports/demo/bench.html) workflow/report/*.rst
	snakemake --report $@ --quiet all

test: .venv/ready check  # set up, check and test
	pytest -n 2 --dist loadfile --no-loadscope-reorder  # a file stays on one worker; the longest come first

check: .venv/ready  # style, types, lint
	ruff check . && ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

.venv/ready: envs/setup.sh envs/requirements.txt envs/cyvlfeat.txt envs/uv.txt pyproject.toml
	envs/setup.sh

bench: .venv/ready  # the suite beside other libraries: reports/bench
	snakemake bench --cores all --show-failed-logs --quiet rules

scene15: .venv/ready  # the example on photographs, which data/scene15 and data/mobilenet_v2.pth hold: reports/scene15
	snakemake --cores all --configfile workflow/examples/scene15.yaml --show-failed-logs --quiet rules

experiments: .venv/ready  # what each experiment takes: the table of the README; which published figures they show: docs/published.md
	python -m orderless.bench.costs README.md
	python -m orderless.reports.places docs/published.md

docs: .venv/ready  # the pages: docs/_build/index.html
	sphinx-build -W -n -q docs docs/_build

lock: .venv/ready  # new versions of everything
	cd envs && uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header -q requirements-dev.in -o requirements.txt

clean:  # remove results, logs and the state of runs
	rm -rf results logs benchmarks .snakemake
