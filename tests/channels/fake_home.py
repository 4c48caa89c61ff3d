"""A home like .lotse, whose bot is the stand-in for Rasa: it starts in a second."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

#: Takes the command line of `python -m rasa run` and listens where that would.
BOT = """#!/bin/bash
while (($#)); do
  if [[ $1 == --port ]]; then port=$2; fi
  shift
done
export PYTHONPATH={root}
exec {python} -m tests.channels.fake_rasa "$port"
"""


def fake_home(folder: Path) -> dict[str, str]:
    """Make the home below `folder` and return the environment that points to it."""
    home = folder / "a home"
    bot = home / "bot" / "bin" / "python"
    bot.parent.mkdir(parents=True)
    bot.write_text(BOT.format(root=ROOT, python=sys.executable))
    bot.chmod(0o755)
    (home / "models").mkdir()
    (home / "models" / "lotse.tar.gz").write_bytes(b"no model")
    return {**os.environ, "LOTSE_HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "en_GB.UTF-8"}
