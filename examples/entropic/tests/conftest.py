"""Run by ``make test``, which puts the engine on the path."""

from lecture_rules import pytest_configure  # noqa: F401
