# `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
# Plain `torch` brings several GB of CUDA packages; name another one here.
TORCH_SPEC ?= torch==2.13.0
# For example an index with CPU builds of torch.
TORCH_INDEX ?=
# For example `make test PYTEST_ARGS='-x tests/models'`.
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: demo test lint setup clean

demo: $(STAMP)
	$(BIN)/python tools/demo.py --out outputs/demo

test: $(STAMP)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/misc/check_types.py
	$(BIN)/python tools/misc/check_names.py

setup: $(STAMP)

# The stamp is written last: an interrupted setup is done again.
$(STAMP): setup.py pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "mmsmot needs Python 3.10 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH_SPEC)
	$(BIN)/pip install --quiet --editable '.[all]'
	@# Two builds of OpenCV come in over each other; the one without a screen stays on top.
	headless=$$($(BIN)/pip freeze | grep '^opencv-python-headless==') && \
		$(BIN)/pip install --quiet --force-reinstall --no-deps "$$headless"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info mmsmot/.mim outputs work_dirs
