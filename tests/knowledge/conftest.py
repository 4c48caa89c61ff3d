"""The minimal knowledge, as every test of the knowledge begins with it."""

import shutil
from pathlib import Path

import pytest

from knowledge import store

HERE = Path(__file__).parent


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    """Return a copy of the minimal knowledge, weighed as the real one is; a test may change it."""
    home = shutil.copytree(HERE / "minimal", tmp_path / "home")
    shutil.copy(store.HOME / "weights.yaml", home)
    return home
