# `make demo` and `make test` do all their own set-up; the first run compiles llama.cpp, which takes some minutes.
# What they install is locked in requirements.lock, hashes included; `make lock` makes it anew.
PYTHON ?= python3
ENV := .venv
EXPORT_ENV := .venv-export
NEWEST_ENV := .venv-newest
WEBGPU_ENV := .venv-webgpu
DOCS_ENV := .venv-docs
DIST ?= dist
BIN := $(ENV)/bin
LOCKED := pyproject.toml requirements.lock tools/environment.py

# What the lock is made of: all that is installed here, by .ci/run and by the workflow.
LOCKED_EXTRAS := export engines studio guidance
LOCKED_GROUPS := test check docs benchmarks build integrations webgpu
# Locked by its version alone: it is the one the exports were checked with, and where a package index offers a CPU build
# of it, that is taken, a file with another hash.
TORCH := torch==2.13.0

.PHONY: demo test test-export test-newest test-webgpu test-browser test-docs check docs bench results sprites lock wheel clean

demo: $(ENV)/.ready
	$(BIN)/editjudge demo --report demo.html

# Side by side, a file of tests at a time: on two cores that takes half as long.
test: $(ENV)/.ready
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-export: $(EXPORT_ENV)/.ready
	$(EXPORT_ENV)/bin/python -m pytest -m "export and not slow"

# The default tests with the newest of everything, whatever is locked.
test-newest:
	$(PYTHON) tools/environment.py $(NEWEST_ENV) --newest --editable . --group test
	$(NEWEST_ENV)/bin/python -m pytest --ignore tests/test_lock.py

# On a GPU that software plays, which comes with Debian's Chromium and is fetched where it is not installed.
test-webgpu: $(WEBGPU_ENV)/.ready
	$(PYTHON) tools/swiftshader.py build/swiftshader $(WEBGPU_ENV)/bin/python -m pytest -m webgpu tests/backends

# In Debian's Chromium, which has to be installed: apt-get install chromium.
test-browser: $(ENV)/.ready
	$(BIN)/python -m pytest -m browser tests/server/page tests/study/page

# What of the documentation's commands takes minutes; the default tests run all others.
test-docs: $(ENV)/.ready
	$(BIN)/python -m pytest -m slow tests/docs

check: $(ENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation as a site, in build/site; a link that leads nowhere is an error.
docs: $(DOCS_ENV)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS_ENV)/bin/mkdocs build --strict --quiet

bench: $(ENV)/.ready
	$(BIN)/editjudge bench

results: $(ENV)/.ready
	$(BIN)/python -m benchmarks.run

$(ENV)/.ready: $(LOCKED)
	$(PYTHON) tools/environment.py $(ENV) --editable . --group test --group check
	touch $@

$(EXPORT_ENV)/.ready: $(LOCKED)
	$(PYTHON) tools/environment.py $(EXPORT_ENV) --editable ".[export,engines,studio,guidance]" --group test --group benchmarks --group integrations
	touch $@

$(WEBGPU_ENV)/.ready: $(LOCKED)
	$(PYTHON) tools/environment.py $(WEBGPU_ENV) --editable . --group test --group webgpu
	touch $@

$(DOCS_ENV)/.ready: $(LOCKED)
	$(PYTHON) tools/environment.py $(DOCS_ENV) --group docs
	touch $@

# What the studio draws its scenes with; needs npm. Without it the tests that render are skipped.
sprites: $(ENV)/.ready
	PYTHONPATH=models $(BIN)/python -c "from studio.renderer.sprites import sprite_folder; print(sprite_folder())"

# One resolution for all of Linux, macOS and Windows and Python 3.11 on, with the newest that pyproject.toml allows.
lock:
	$(PYTHON) tools/environment.py build/lock --newest uv
	echo "$(TORCH)" > build/lock/torch.txt
	build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    --constraint build/lock/torch.txt --no-emit-package torch pyproject.toml \
	    $(addprefix --extra ,$(LOCKED_EXTRAS)) $(addprefix --group ,$(LOCKED_GROUPS)) \
	    --output-file build/lock/resolved.txt
	{ cat build/lock/resolved.txt; echo "# By its version alone: see the Makefile."; echo "$(TORCH)"; } \
	    > build/lock/requirements.lock
	mv build/lock/requirements.lock requirements.lock

wheel:
	$(PYTHON) tools/environment.py build/wheel --group build
	build/wheel/bin/python -m build --wheel --no-isolation --outdir $(DIST) .

clean:
	rm -rf $(ENV) $(EXPORT_ENV) $(NEWEST_ENV) $(WEBGPU_ENV) $(DOCS_ENV) build dist demo.html
