"""The minimal knowledge, as every test of the knowledge begins with it."""

import shutil
from pathlib import Path

import pytest

from knowledge import store

HERE = Path(__file__).parent


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    """Return a copy of the minimal knowledge, weighed as the real one is."""
    home = tmp_path / "home"
    shutil.copytree(HERE / "minimal", home, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(store.HOME / "weights.yaml", home)
    return home
