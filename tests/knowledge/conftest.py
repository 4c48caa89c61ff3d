"""The minimal knowledge, as every test of the knowledge begins with it."""

import shutil
from pathlib import Path

import pytest

from knowledge import store

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the minimal knowledge, weighed as the real one is, and parsed once for all tests."""
    home = tmp_path_factory.mktemp("parsed") / "home"
    shutil.copytree(HERE / "minimal", home, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(store.HOME / "weights.yaml", home)
    store.read(home)
    return home


@pytest.fixture
def minimal(parsed: Path, tmp_path: Path) -> Path:
    """Return a copy of the minimal knowledge that a test may change."""
    return shutil.copytree(parsed, tmp_path / "home")
