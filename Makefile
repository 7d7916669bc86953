# Each target makes .venv itself; a machine needs make, and Python 3.11 or later or uv.
PYTHON ?= python3
BIN := .venv/bin
ROUNDS ?= 5
PYTEST = $(BIN)/pytest --numprocesses auto --dist worksteal

# whether MNIST is here and whole; whether a mirror answers within seconds
CACHED = $(BIN)/mnistmlp download --quiet --mirror file:///none >/dev/null 2>&1
ANSWERS = $(BIN)/python -c \
	'import sys; from mnistmlp.data.download import mirror_answers; sys.exit(not mirror_answers())'

# makes a virtual environment: with PYTHON, or with uv if that is too old or, as Debian's, not whole
RECENT = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
WHOLE = $(PYTHON) -c 'import ensurepip' 2>/dev/null
define make_venv
@if $(RECENT) && $(WHOLE); then $(PYTHON) -m venv $(1); \
elif command -v uv >/dev/null; then uv venv --quiet --seed --allow-existing --python '>=3.11' $(1); \
elif $(RECENT); then echo "error: $(PYTHON) cannot make virtual environments:" \
	"apt install $(notdir $(PYTHON))-venv, or install uv" >&2; exit 1; \
else echo "error: $(PYTHON) is missing or older than 3.11: install a later Python, or uv;" \
	"if it has another name: make PYTHON=python3.13" >&2; exit 1; \
fi
endef

.DEFAULT_GOAL := help
.PHONY: help demo test test-all coverage lint hooks bench soak pictures sbom clean

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/package ## fetch MNIST, train, evaluate, report, recognise a digit
	@mkdir -p build
	@if [ -n "$$MNISTMLP_DATA_DIR" ] || $(CACHED) || { $(ANSWERS) && $(BIN)/mnistmlp download; }; \
	then echo mnist; \
	else echo synthetic; echo "MNIST is not available: using the built-in synthetic digits" >&2; \
	fi | tail -n 1 > build/dataset
	$(BIN)/mnistmlp train --recipe classic --dataset "$$(cat build/dataset)" --output build/brain.npz \
		--log build/run.jsonl --force
	$(BIN)/mnistmlp evaluate --dataset "$$(cat build/dataset)" build/brain.npz \
		--report build/report.html --log build/run.jsonl --force
	$(BIN)/mnistmlp predict --dataset "$$(cat build/dataset)" --brain build/brain.npz --index 42 --show
	@printf '\nWhat it learnt, as a page: %s\n\nNext:\n  %s\n  %s\n' build/report.html \
		"$(BIN)/mnistmlp draw build/brain.npz" \
		"$(BIN)/mnistmlp predict --dataset $$(cat build/dataset) --brain build/brain.npz --index random --show" >&2

test: .venv/development ## run the tests, without the slow ones
	$(PYTEST) -m "not slow"

test-all: .venv/development ## run all tests
	$(PYTEST)

coverage: .venv/development ## run all tests, and list the lines that none of them runs
	$(PYTEST) --cov

soak: .venv/development ## kill it 200 times while it saves, feed it 20,000 hostile files, kill searches
	$(BIN)/python -m tests.soak.kills
	$(BIN)/python -m tests.soak.hostile_files
	$(BIN)/python -m tests.soak.searches

lint: .venv/development ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

hooks: .venv/development ## check style and types before each commit
	$(BIN)/pre-commit install

pictures: .venv/development ## make the pictures of the README and of the docs anew
	$(BIN)/python docs/make_pictures.py
	$(BIN)/python docs/maths/draw.py
	$(BIN)/python docs/maths/difference_error.py
	$(BIN)/python docs/maths/make_notebook.py

bench: .venv/package benchmarks/.venv/peers ## measure speed against scikit-learn and PyTorch
	$(BIN)/mnistmlp download
	$(BIN)/python benchmarks/speed.py benchmarks/.venv/bin/python $(ROUNDS)

sbom: .venv/development ## list all that it installs with every extra, as CycloneDX, in build/sbom.json
	$(BIN)/python -m pip install --quiet --group sbom
	$(BIN)/python -m venv --clear --without-pip build/installed
	$(BIN)/python -m pip --python build/installed install --quiet '.[all]'
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file build/sbom.json build/installed

clean: ## remove what make made
	rm -rf .venv benchmarks/.venv build .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/package: pyproject.toml
	$(call make_venv,.venv)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[report]'
	@touch $@

.venv/development: .venv/package
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

benchmarks/.venv/peers: benchmarks/requirements.txt
	$(call make_venv,benchmarks/.venv)
	benchmarks/.venv/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@
