"""Rasa's own check of domain, rules and sentences; `./lotse train` leaves it out, for time."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LOTSE_HOME", ROOT / ".lotse"))
#: Intents that no sentence stands for: the components, a channel or a check sets them.
WITHOUT_SENTENCES = {"give_evidence", "health_check", "start"}


def test_rasa_finds_nothing_wrong_with_the_data(tmp_path: Path) -> None:
    places = {"ACTION_ENDPOINT_URL": "http://127.0.0.1:9/", "TRACKER_DB": str(tmp_path / "none")}
    python = HOME / "bot/bin/python"
    options = ["--config", "config.yml", "--domain", "domain"]
    data = ["rules", "../nlu_data/de", "../nlu_data/en", "../nlu_data/shared"]
    done = subprocess.run(
        [python, "-m", "rasa", "data", "validate", *options, "--data", *data],
        cwd=ROOT / "bot",
        env={**os.environ, **places, "PYTHONPATH": str(ROOT / "bot")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    warnings = re.findall(r"UserWarning: (.*)", said)
    expected = [f"The intent '{name}' is listed in the domain file" for name in WITHOUT_SENTENCES]
    assert [w for w in warnings if not w.startswith(tuple(expected))] == []
