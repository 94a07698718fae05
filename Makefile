# `make demo` and `make test` do all their own set-up; the first run compiles llama.cpp, which takes some minutes.
PYTHON ?= python3
ENV := .venv
EXPORT_ENV := .venv-export
BIN := $(ENV)/bin

# llama.cpp is built without its common library, tools, server, examples and tests: none is used. On all cores.
export CMAKE_ARGS ?= "-DCMAKE_PROJECT_llama_cpp_INCLUDE=$(CURDIR)/tools/llama.cmake" -DLLAVA_BUILD=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: demo test test-export check bench results sprites clean

demo: $(ENV)/.ready
	$(BIN)/editjudge demo --report demo.html

test: $(ENV)/.ready
	$(BIN)/python -m pytest

test-export: $(EXPORT_ENV)/.ready
	$(EXPORT_ENV)/bin/python -m pytest -m "export and not slow"

check: $(ENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(ENV)/.ready
	$(BIN)/editjudge bench

results: $(ENV)/.ready
	$(BIN)/python -m benchmarks.run

$(ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(PYTHON) tools/install.py $(BIN)/python --editable . --group test --group check
	touch $@

# torch comes as a CPU build where the package index offers one; the version is the one the exports were checked with.
$(EXPORT_ENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(EXPORT_ENV)
	$(EXPORT_ENV)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(PYTHON) tools/install.py $(EXPORT_ENV)/bin/python torch==2.13.0
	$(PYTHON) tools/install.py $(EXPORT_ENV)/bin/python --editable ".[export,engines,studio,guidance]" --group test --group benchmarks
	touch $@

# What the studio draws its scenes with; needs npm. Without it the tests that render are skipped.
sprites: $(ENV)/.ready
	PYTHONPATH=models $(BIN)/python -c "from studio.renderer.sprites import sprite_folder; print(sprite_folder())"

clean:
	rm -rf $(ENV) $(EXPORT_ENV) build dist demo.html
