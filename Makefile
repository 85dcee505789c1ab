# Everything a newcomer needs: `make demo` and `make test`. Both make .venv first, and do nothing when it is current.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Debian packages that some tests need. Where one is missing, those tests skip and name it.
DEBIAN := chromium openssh-server

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow lint types check packages clean

help:
	@echo "make demo   build a network on the bundled digits and print where its report is"
	@echo "make test   run the tests"
	@echo "make check  lint, types and tests"
	@echo "make packages  install the Debian packages that some tests need (as root): $(DEBIAN)"
	@echo "make slow   also the tests that take minutes"
	@echo "make clean  remove .venv and caches (runs/ stays)"

setup: $(STAMP)

# torch goes in first and alone: with it in place, no other package's range can pull a different build.
# pytorchcv asks for torchvision, which its modules of models do not need, and which fails beside a CPU build of torch.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "wattnas needs Python 3.10 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps pytorchcv
	@touch $@

packages:
	@sh tools/debian.sh $(DEBIAN)

demo: setup
	$(BIN)/wattnas build --preset demo --out runs/demo

test: setup
	$(BIN)/python -m pytest

slow: setup
	$(BIN)/python -m pytest -m 'slow or not slow'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

check: lint types test

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
