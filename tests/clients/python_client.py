"""One person who talks through the package directline-client, unmodified, as its makers made it.

python python_client.py DOMAIN STOP

Writes a message, waits for its answer, and goes on until there is a file STOP.

The package has one way to be told its token: as its secret. It forgets nothing by itself when it
is cut off, and sends nothing again; this person looks whether a message has arrived before it
sends it once more. Prints one JSON line per text that arrives.
"""

import json
import logging
import sys
import time
from base64 import b64decode
from itertools import count
from pathlib import Path

import requests
from directline_client.core import DirectLineClient

logging.disable(logging.CRITICAL)


def asked(path: str, body: object = None) -> dict[str, str]:
    """Return an answer of the server; ask until there is one."""
    while True:
        try:
            answer = requests.post(f"{DOMAIN}{path}", json=body, timeout=10)
            if answer.ok:
                return answer.json()
        except requests.RequestException:
            pass  # cut off: again
        time.sleep(0.1)


def user_of(token: str) -> str:
    """Return the user for whom a token is."""
    claims = token.split(".")[1]
    return str(json.loads(b64decode(claims + "=" * (-len(claims) % 4), altchars=b"-_"))["user"])


def renewed(client: DirectLineClient, key: str) -> None:
    """Give the client a new token, as it has no way of its own to get one."""
    client.secret = asked("/tokens/resume", {"key": key})["token"]
    client.headers = {"Authorization": f"Bearer {client.secret}"}


def arrived(client: DirectLineClient, key: str, text: str) -> bool:
    """Whether a message of ours stands in the conversation."""
    time.sleep(0.3)  # what was on its way when the line was cut has arrived by now
    while True:
        path = f"{DOMAIN}/conversations/{client.conversation_id}/activities"
        try:
            answer = requests.get(path, headers=client.headers, timeout=10)
            if answer.ok:
                return any(one.get("text") == text for one in answer.json()["activities"])
            renewed(client, key)
        except requests.RequestException:
            time.sleep(0.1)


def answer(client: DirectLineClient, key: str, mark: str) -> str:
    """Print what comes until something has come; return the new watermark."""
    asked_at = time.monotonic()
    while True:
        told, new = client.poll_responses(client.conversation_id, mark)
        for one in told:
            print(json.dumps({"text": one}), flush=True)
        if told:
            return new
        mark = new
        if time.monotonic() - asked_at > 1:
            renewed(client, key)  # cut off or expired; the package does not say which
            asked_at = time.monotonic()
        time.sleep(0.1)


def main() -> None:
    """Hold the conversation."""
    given = asked("/tokens/generate")
    key = given["key"]
    client = DirectLineClient(secret=given["token"], endpoint=DOMAIN)
    client.user_id = user_of(given["token"])  # by which it tells its own messages from answers
    while not client.start_conversation():
        time.sleep(0.1)
    mark = answer(client, key, "0")  # the greeting
    for number in count():
        if STOP.exists():
            break
        text = f"Nachricht {number}"
        while not client.send_message(client.conversation_id, text):
            if arrived(client, key, text):
                break
        mark = answer(client, key, mark)
        time.sleep(0.2)
    token = asked("/tokens/resume", {"key": key})["token"]
    done = {"done": True, "conversation": client.conversation_id, "token": token}
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    DOMAIN, STOP = sys.argv[1], Path(sys.argv[2])
    main()
