# One door for developers. `make` alone says what there is.
#
# Needs Python 3.11 or newer with pip (or with uv), and nothing else; what a goal can use beyond
# that (node, root for Debian packages) it names when it is missing.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
AT_ONCE := --numprocesses auto --dist loadfile --no-loadscope-reorder
LSP_STORIES := $(addprefix tests/lsp/test_,$(addsuffix .py,completion diagnostics features formatting hover life workspace))
# Without compiled files every command that a test starts compiles its modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
PICTURES := attach console error live notebook problems prompt sessions values
WALKTHROUGH := breakpoint console error missing values

.PHONY: help setup demo test check fix docs bench test-transports test-jupyter test-system wheel vsix pictures clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(VENV)/installed ## make .venv with the project and its tools in it

$(VENV)/installed: pyproject.toml constraints.txt tools/install.sh tools/link_manual.sh $(wildcard setup.py lua_debug/_native/*.[ch] lua_debug/_native/*.inc)
	tools/install.sh "$(PYTHON)" "$(VENV)"
	@touch $@

demo: setup ## debug a sample script from a scripted client and print the transcript
	$(BIN)/python examples/demo_session.py

test: setup ## all that needs no Debian packages: linters, types, docs, wheel, node, stories on all hooks
	$(PYTEST) --ignore=tests/system --ignore=tests/jupyter --hooks native --hooks pure $(AT_ONCE)

check: setup ## the quick part of the tests: linters, types, import contracts, docs
	$(PYTEST) -q tests/architecture

fix: setup ## let the linters mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write the generated pages again
	$(BIN)/python -m tools.generate_docs

bench: setup ## measure: ratios of workloads with and without the debugger
	$(BIN)/python -m bench

test-transports: setup ## the stories again over stdio and TCP: all on one Lua, some on the others; those of LSP
	$(PYTEST) tests/scenarios --lua 5.4 --transport stdio --transport tcp $(AT_ONCE)
	$(PYTEST) tests/scenarios -m every_transport -k "not 5.4" --transport stdio --transport tcp $(AT_ONCE)
	$(PYTEST) $(LSP_STORIES) --transport stdio $(AT_ONCE)
	$(PYTEST) $(LSP_STORIES) --transport tcp $(AT_ONCE)

test-jupyter: setup ## Jupyter's own programs and conformance tests over the kernel; installs them
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,jupyter-tests]'
	$(PYTEST) -rs tests/jupyter tests/service/test_provisioner.py

test-system: setup ## the tests with clients from Debian packages, which it installs when it may; and slow ones
	tools/install_system_clients.sh
	tools/install_vscode.sh $(BIN)/python var/vscode
	tools/install_jupyterlab.sh $(BIN)/python var/jupyterlab
	tools/install_postgres.sh var/postgres
	$(PYTEST) -rs tests/system
	$(PYTEST) --slow -m slow tests/unit

wheel: setup ## build the sdist and, from it, the wheel, into dist/
	$(BIN)/python -m build

vsix: ## package the Visual Studio Code extension, into vscode-extension/dist/
	cd vscode-extension && npm ci --ignore-scripts && npm run package

pictures: test-system ## take the pictures of the documentation anew
	cp $(addprefix var/pictures/,$(addsuffix .png,$(PICTURES))) docs/pictures/
	cp $(addprefix var/pictures/,$(addsuffix .png,$(WALKTHROUGH))) vscode-extension/media/

clean: ## remove what was built or installed
	rm -rf "$(VENV)" build dist *.egg-info tests/end_to_end/debug_client/node_modules
