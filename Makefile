# otlec: 'make help' lists the targets. Every target makes its own environment, in .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# LECTURE=FOLDER: the same commands for another lecture; its own Makefile says so (make lecture).
ifdef LECTURE
export LECTURE := $(abspath $(LECTURE))
export PYTHONPATH := $(LECTURE):$(CURDIR)/scripts:$(CURDIR)/book/_ext
endif
HOME_OF := $(or $(LECTURE),.)
# STUDENTS=1 leaves the solutions out, in a folder of its own, so that nothing older remains in it.
OUT := $(HOME_OF)$(if $(STUDENTS),/_build/students)
BUILD = STUDENTS=$(STUDENTS) $(BIN)/jupyter-book build $(HOME_OF)/book \
	--config $(if $(LECTURE),$$($(BIN)/python scripts/lecture.py),_config.yml) --path-output $(OUT) -W -n --keep-going
PAPER ?= A4
WORKERS ?= 2

.PHONY: help book page watch lecture exercises handouts slides pdf archive site fuzz mutants test lint unit plain check notebooks coverage links newest lowest serve bench clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

# PYODIDE=FOLDER or =download brings Python for the pages into the site, =off leaves it out.
book: .venv/book.ready ## make the environment, build the book, say where it is
	@$(if $(LECTURE),$(BIN)/python scripts/notebooks.py --prose)
	@$(BUILD) --quiet
	@echo "The book: $(abspath $(OUT)/_build/html/index.html)"

page: .venv/book.ready ## execute one page (where its code has changed) and build it alone: P=03-geodesics
	@$(BIN)/python scripts/preview.py "$(P)"

watch: .venv/dev.ready ## the same, again whenever its source changes; the browser follows: P=03-geodesics
	@$(BIN)/python scripts/preview.py "$(P)" --watch $(if $(PORT),--port $(PORT))

lecture: .venv/dev.ready ## start a lecture of your own, in a folder of its own: NAME=heat (IN=..)
	@$(BIN)/python scripts/new_lecture.py "$(NAME)" $(if $(IN),--into "$(IN)") \
		$(if $(TITLE),--title "$(TITLE)") $(if $(AUTHOR),--author "$(AUTHOR)")

exercises: .venv/book.ready ## write the exercise notebooks (NBGRADER=1: for nbgrader too)
	@$(BIN)/python scripts/exercise_notebooks.py $(if $(NBGRADER),--nbgrader)

handouts: .venv/book.ready ## write the notebooks that readers download and launch
	@$(BIN)/python scripts/handouts.py

slides: .venv/book.ready ## build the slides (CHAPTER=3: one deck, PDF=1 or PDF=handout: print them)
	@$(BIN)/python scripts/slides.py $(if $(CHAPTER),--chapter $(CHAPTER)) $(if $(PDF),--pdf $(PDF)) \
		$(if $(SETTINGS),--settings $(SETTINGS))

pdf: .venv/dev.ready book ## the whole book as one PDF (PAPER=letter; needs a Chromium)
	@$(BIN)/python scripts/print_pdf.py --html $(OUT)/_build/html --out $(OUT)/_build/pdf/otlec.pdf \
		--paper $(PAPER)

archive: book ## the pages as one archive to read offline, the same bytes anywhere
	@$(BIN)/python scripts/archive.py $(OUT)/_build/html $(OUT)/_build/otlec-book.zip

site: .venv/dev.ready ## pages, PDF, slides and archive in one folder, with links to each other
	@STUDENTS=$(STUDENTS) $(BIN)/python scripts/publish.py --out $(OUT)/_build/site

fuzz: .venv/dev.ready ## solve awkward random problems by two routes (COUNT=1000)
	$(BIN)/python bench/fuzz.py --count $(or $(COUNT),1000) --first $(or $(FIRST),0) --seconds $(or $(SECONDS),3600)

mutants: .venv/dev.ready ## put errors into the solvers; tests notice (SAMPLE=40)
	$(BIN)/python bench/mutants.py --sample $(or $(SAMPLE),40) --seed $(or $(SEED),0)

test: .venv/dev.ready lint $(if $(LECTURE),book check,check book) slides ## the same, then lint, drift check and every test
	$(BIN)/python -m pytest $(HOME_OF)/tests $(HOME_OF)/book --nbval $(if $(LECTURE),-q,-n $(WORKERS) --durations=15)

lint: .venv/dev.ready ## check format and style
	$(BIN)/ruff format --check $(HOME_OF)
	$(BIN)/ruff check $(HOME_OF)

unit: .venv/dev.ready ## the tests of the package alone
	$(BIN)/python -m pytest tests -m "not browser" -n $(WORKERS) -q

plain: .venv/dev.ready ## the tests of the kernels as plain Python, with numba blocked
	OTLEC_WITHOUT_NUMBA=1 $(BIN)/python -m pytest tests -m without_numba --ignore=tests/test_kernel.py \
		-n $(WORKERS) -q

check: .venv/book.ready ## compare the notebooks with their sources
	$(BIN)/python scripts/notebooks.py --check

notebooks: .venv/book.ready ## execute the sources of the book again
	$(BIN)/python scripts/notebooks.py

# The judges and the grader hold no kernels: they run with the JIT, or each answer takes minutes.
# What stops an endless call raises anywhere, in the tracer of coverage too: not measured there.
CLASSROOM := tests/test_exercises_[am]*.py tests/test_grade.py
# They build pages and decks, and run no other line of the package.
PAGES := $(addprefix tests/test_,archive.py book_* *_browser.py exercises_pages.py guess.py ledger.py \
	links* palette.py pdf.py slides* typeset_formulas.py unique_ids.py unused_assets.py webassembly.py \
	workflows.py)
COVERED := -m "not browser" -q -n $(WORKERS)
coverage: .venv/dev.ready ## branch coverage of otlec/, its kernels with the JIT off
	$(BIN)/coverage erase
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m pytest tests $(COVERED) $(patsubst %,--ignore-glob=%,\
		$(CLASSROOM) $(PAGES))
	$(BIN)/coverage run -m pytest $(wildcard $(CLASSROOM)) $(COVERED) -k "not endless_call and not without_alarms"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=95

links: .venv/book.ready ## ask every address outside of the book whether it is still there
	@$(BIN)/jupyter-book build book --config _config.yml --path-output _build/links \
		--builder linkcheck -n --keep-going --quiet

# What is installed so is newer than pyproject.toml allows; 'rm -r .venv' goes back.
newest: .venv/bin/python ## install the newest versions of everything, before 'make test'
	$(BIN)/python scripts/versions.py newest > .venv/newest.txt
	$(PIP) install --quiet --upgrade --upgrade-strategy eager --requirement .venv/newest.txt
	$(PIP) install --quiet --no-deps --editable .
	$(PIP) list --outdated
	@touch .venv/book.ready .venv/dev.ready

# Python 3.11 or 3.12: the oldest numba that is allowed has no wheel for a newer one.
lowest: .venv/bin/python ## the tests of the package on the oldest versions that it allows
	$(BIN)/python scripts/versions.py lowest > .venv/lowest.txt
	$(PYTHON) -m venv _build/lowest
	_build/lowest/bin/python -m pip install --quiet --requirement .venv/lowest.txt
	_build/lowest/bin/python -m pip install --quiet --no-deps --editable .
	_build/lowest/bin/python -m pytest tests $(COVERED) $(patsubst %,--ignore-glob=%,$(PAGES))

serve: book ## serve the built book on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

bench: .venv/dev.ready ## measure against other libraries (many minutes)
	for script in bench/[a-z]*.py; do $(BIN)/python $$script || exit 1; done

clean: ## remove the built book (the environment stays)
	rm -rf _build

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "otlec needs Python 3.11 or later; name one with 'make PYTHON=python3.12 ...'"; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "$(PYTHON) cannot make an environment; on Debian, install python3-venv"; exit 1; }

.venv/book.ready: pyproject.toml | .venv/bin/python
	$(PIP) install --quiet --editable ".[book]"
	@touch $@

.venv/dev.ready: pyproject.toml | .venv/bin/python
	$(PIP) install --quiet --editable ".[book,dev]"
	@touch $@ .venv/book.ready
