# Copy Studio. `make run` on a machine with Python 3.11, its venv module and make; `make` alone lists what there is.

SHELL := /bin/sh
BOOTSTRAP := sh copystudio/supervisor/bootstrap.sh
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
.DEFAULT_GOAL := help
.PHONY: help run setup password manage test test-servers check format clean reset

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: ## Install what is missing, start everything, print the address. Ctrl-C stops it.
	@$(BOOTSTRAP) run
	@exec $(PY) -m copystudio.supervisor

setup: ## Only install, for running and testing.
	@$(BOOTSTRAP) test

password: ## A new one-time password for the first admin (while `make run` runs).
	@$(PY) manage.py studio_admin

manage: ## Any management command: make manage DO="check --deploy".
	@$(BOOTSTRAP) run
	@$(PY) manage.py $(DO)

test: ## Install what is missing and run all tests, on servers of its own. ARGS="-k word" for some.
	@$(BOOTSTRAP) test
	$(PYTEST) -n auto --dist worksteal $(ARGS)
	@$(MAKE) --no-print-directory test-servers

test-servers: ## The tests marked `servers` again, on PostgreSQL, Redis and RabbitMQ of this machine (CI=true).
	@$(BOOTSTRAP) test
	@$(PY) -m tests.servers $(PYTEST) -m servers $(ARGS)

check: ## Style, types, templates, migrations, system checks.
	@$(BOOTSTRAP) test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint --check --quiet templates
	$(PY) -m mypy
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run

format: ## Mend style where a tool can.
	@$(BOOTSTRAP) test
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) -m djlint --reformat --quiet templates

clean: ## Remove the virtual environment and caches. Data stay.
	rm -rf .venv .venv.lock .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

reset: ## Remove all data of this machine's studio (asks for SURE=yes).
	@[ "$(SURE)" = yes ] || { echo "This deletes var/ with every product, text and model. To do it: make reset SURE=yes"; exit 1; }
	@$(PY) -m copystudio.supervisor.reset
