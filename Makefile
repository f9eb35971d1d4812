# Two commands matter: `make demo` and `make test`. Each sets up everything that it needs.
.PHONY: demo test check format bench setup dev lock clean

BIN := .venv/bin

demo: setup
	$(BIN)/testigo demo $(DEMO)

test: dev
	$(BIN)/pytest -n 2 --dist loadgroup $(TESTS)

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadgroup $(TESTS)

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: dev
	$(BIN)/python -m benchmarks

setup:
	@scripts/setup

dev:
	@scripts/setup dev

lock:  # needs uv; writes both lock files, with hashes and without the address of an index
	uv pip compile pyproject.toml --universal --extra all --group build --generate-hashes --no-header --python-version 3.11 -q -o requirements.lock
	uv pip compile pyproject.toml --universal --all-extras --group build --group dev --generate-hashes --no-header --python-version 3.11 -q -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis demo
