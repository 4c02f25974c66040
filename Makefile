# Everything is installed into .venv by the targets themselves; nothing needs to be active.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Python compiles what it imports; to compile all that is installed takes a part of a minute.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

MINUTES ?= 30

.PHONY: search test test-all lint docs site fuzz soak format clean

search: .venv/installed  ## a first search: about two minutes
	$(BIN)/lionhunt search configs/quickstart.toml

test: .venv/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15 \
		tests/integration tests/examples tests/browser tests/search tests/proxy_tasks tests/dsl tests/docs

test-all: .venv/installed-dev  ## every test, also those that take minutes; JAX checks itself
	JAX_ENABLE_CHECKS=1 XLA_FLAGS= $(BIN)/python -m pytest -n 2 --dist loadfile -m "slow or not slow" tests

lint: .venv/installed-dev build/types/lionhunt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/python -m pytest -q -n 2 tests/lint

docs: .venv/installed-dev site  ## the site, docs/optimizers.md, the tables in docs/language.md and docs/config.md
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/optimizers.py

site: .venv/installed-dev build/types/lionhunt build/pages  ## build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

fuzz: .venv/installed-dev  ## a million texts against the reader of programs: about five minutes
	$(PIP) -e .[fuzz]
	mkdir -p .fuzz
	$(BIN)/python tests/dsl/text/fuzz_parser.py .fuzz tests/dsl/text/corpus dsl/library -runs=1000000 \
		-max_len=6000 -timeout=10 -artifact_prefix=.fuzz/

soak: .venv/installed-dev  ## searches under faults for MINUTES=30; Linux
	rm -rf .soak
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --out .soak

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build

# The package as a tree of links, for type checkers.
build/types/lionhunt:
	mkdir -p $@
	ln -s $(addprefix ../../../,dsl proxy_tasks search $(wildcard lionhunt/*.py)) $@

# The pages of the site, as links to those of the repository.
build/pages:
	mkdir -p $@
	ln -s $(addprefix ../../,README.md CHANGELOG.md CONTRIBUTING.md SKILL.md LICENSE configs docs examples results) $@

.venv/installed: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) -e .[dev,site,parquet,torch,wandb,mlflow,bench]
	touch $@
