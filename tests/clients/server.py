"""The channel server with tokens that live for seconds, for tests that cannot wait for minutes.

python -m tests.clients.server PORT RASA_URL STATE
"""

import sys
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from channels.app import init_app
from channels.directline.limits import Limits, Rate
from channels.settings import Settings, secret_in
from knowledge.store import load

#: Tests write faster than people.
FAST = Limits(Rate(10_000, 10_000), Rate(1_000, 1_000), Rate(1_000, 1_000))


def main() -> None:
    """Serve until SIGTERM."""
    port, rasa_url, state = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    settings = Settings(
        secret=secret_in(state / "web-secret"),
        rasa_url=rasa_url,
        port=port,
        state=state,
        limits=FAST,
        token_life=timedelta(seconds=20),
    )
    web.run_app(
        init_app(settings, load()),
        host="127.0.0.1",
        port=port,
        access_log=None,
        shutdown_timeout=0.5,
        print=None,
    )


if __name__ == "__main__":
    main()
