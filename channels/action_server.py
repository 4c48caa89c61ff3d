"""The action server, on the address that it is told: `python -m channels.action_server`.

rasa-sdk's own command listens on every address, lets every web page call it and starts worker
processes that outlive a killed parent. This one is a single process and speaks to Rasa alone.
"""

from __future__ import annotations

import argparse

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

PACKAGE = "actions.conversation"


def main() -> None:
    """Serve the Actions until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="python -m channels.action_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5055)
    arguments = parser.parse_args()
    executor = ActionExecutor()
    executor.register_package(PACKAGE)
    app = create_app(executor, cors_origins=[])
    app.run(
        host=arguments.host,
        port=arguments.port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
