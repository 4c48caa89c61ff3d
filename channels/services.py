"""Starts Rasa, the action server and the web application, and looks after them.

`python -m channels.services serve` runs all three until Ctrl-C; `engine_running` gives a
terminal, a batch or a test a Rasa that answers, and takes a running `serve` where there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import errno
import hashlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from channels.cards import Phrases, say
from knowledge.store import load

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
#: Seconds before a program that died is started again: doubled each time, up to the longest.
SHORTEST_DELAY = 0.5
LONGEST_DELAY = 30.0
#: A program that lived this long starts over with the shortest delay.
LONG_LIFE = 60.0
#: Seconds a program has to end by itself after SIGTERM.
GRACE = 5.0
#: Seconds until a program must answer, and deaths before that, when somebody waits for it.
PATIENCE = 180.0
DEATHS = 3
#: A log beyond this is put aside at the next start; one older log is kept.
LOG_LIMIT = 5_000_000
PDEATHSIG = 1
#: How long one question whether a program is ready may take.
PROBE = aiohttp.ClientTimeout(total=5)

Tell = Callable[[str], None]


class NotStarted(Exception):
    """The assistant cannot be started. The message is a sentence for people."""


@dataclass(frozen=True)
class Installation:
    """Where things are, and in which language the person at the shell reads."""

    root: Path
    home: Path
    language: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Installation:
        """Return the installation: LOTSE_HOME for its folder, LANG and its kin for the language."""
        locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG", "")
        home = Path(environ.get("LOTSE_HOME") or ROOT / ".lotse").absolute()
        return cls(ROOT, home, "de" if locale.startswith("de") else "en")

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.home / "models" / "lotse.tar.gz"

    @property
    def state(self) -> Path:
        """The folder of what must survive a restart."""
        return self.home / "state"

    @property
    def running(self) -> Path:
        """The note that a running `serve` leaves for the other commands."""
        return self.state / "serve.json"


@dataclass(frozen=True)
class Program:
    """A program to start. It is ready when `probe` answers 200."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    probe: str


@dataclass(frozen=True)
class Voice:
    """Says phrases in the person's language to whoever listens."""

    installation: Installation
    phrases: Phrases
    tell: Tell

    def say(self, phrase: str, **values: object) -> None:
        """Say one phrase."""
        self.tell(self.sentence(phrase, **values))

    def sentence(self, phrase: str, **values: object) -> str:
        """Return one phrase."""
        return say(self.phrases, phrase, self.installation.language, **values)

    def name(self, program: Program) -> str:
        """Return what a program is called."""
        return self.sentence(f"services_{program.name}")


# --- the programs ---------------------------------------------------------------------------


def rasa(installation: Installation, port: int, actions_port: int, state: Path) -> Program:
    """Return Rasa on loopback, without its management interface."""
    command = (
        str(installation.home / "bot" / "bin" / "python"),
        *("-m", "rasa", "run", "--quiet"),
        *("--model", str(installation.model)),
        *("--endpoints", "endpoints.yml", "--credentials", "credentials.yml"),
        *("--interface", LOOPBACK, "--port", str(port)),
    )
    environment = {
        "ACTION_ENDPOINT_URL": f"http://{LOOPBACK}:{actions_port}/webhook",
        "TRACKER_DB": str(state / "tracker.sqlite"),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(installation.root / "bot"),
    }
    log = installation.home / "logs" / "rasa.log"
    probe = f"http://{LOOPBACK}:{port}/"
    return Program("rasa", command, installation.root / "bot", environment, log, probe)


def actions(installation: Installation, port: int, state: Path) -> Program:
    """Return the action server on loopback."""
    command = (
        *(sys.executable, "-m", "channels.action_server"),
        *("--host", LOOPBACK, "--port", str(port)),
    )
    environment = _ours(installation) | {"LOTSE_OUTBOX": str(state / "outbox.sqlite")}
    log = installation.home / "logs" / "actions.log"
    probe = f"http://{LOOPBACK}:{port}/health"
    return Program("actions", command, installation.root, environment, log, probe)


def web(installation: Installation, host: str, port: int, rasa_url: str) -> Program:
    """Return the web application, the only one that others may reach."""
    command = (
        *(sys.executable, "-m", "channels.app"),
        *("--host", host, "--port", str(port), "--rasa", rasa_url),
    )
    environment = _ours(installation) | {"LOTSE_OUTBOX": str(installation.state / "outbox.sqlite")}
    log = installation.home / "logs" / "web.log"
    probe = f"{_address(host, port)}/healthz"
    return Program("web", command, installation.root, environment, log, probe)


def _ours(installation: Installation) -> dict[str, str]:
    return {"PYTHONPATH": str(installation.root), "LOTSE_HOME": str(installation.home)}


def _address(host: str, port: int) -> str:
    """Return where this computer itself reaches a server that listens on `host`."""
    near = {"0.0.0.0": LOOPBACK, "::": "[::1]", "": LOOPBACK}.get(host, host)
    return f"http://{f'[{near}]' if ':' in near.strip('[]') and near[0] != '[' else near}:{port}"


# --- keeping a program alive ----------------------------------------------------------------


class Keeper:
    """Runs one program, and runs it again when it dies."""

    def __init__(self, program: Program, voice: Voice) -> None:
        self.program = program
        self.deaths = 0
        self._voice = voice

    async def run(self) -> None:
        """Keep the program running until cancelled; then end it and all that it started."""
        delay = SHORTEST_DELAY
        while True:
            started = time.monotonic()
            code = await self._one_life()
            self.deaths += 1
            if time.monotonic() - started > LONG_LIFE:
                delay = SHORTEST_DELAY
            self._voice.say(
                "services_died",
                program=self._voice.name(self.program),
                code=code,
                delay=delay,
                log=self.program.log,
            )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _one_life(self) -> int:
        process = await launch(self.program)
        try:
            return await process.wait()
        finally:
            await asyncio.shield(end(process))


async def launch(program: Program) -> Process:
    """Start a program in a process group of its own, its output going to its log."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *program.command,
            cwd=program.folder,
            env={**os.environ, **program.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes a child end when this process is killed; Linux alone has it."""
    if sys.platform != "linux":
        return None
    # Loaded here and not in the child: between fork and exec only little is safe.
    prctl = ctypes.CDLL(None).prctl

    def die_with_parent() -> None:
        prctl(PDEATHSIG, signal.SIGKILL)

    return die_with_parent


async def end(process: Process) -> None:
    """End a process and its group: kindly first, then not."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), GRACE)
    _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextlib.asynccontextmanager
async def kept(programs: Iterable[Program], voice: Voice) -> AsyncIterator[list[Keeper]]:
    """Keep programs running inside the block; none is left behind after it."""
    keepers = [Keeper(program, voice) for program in programs]
    for keeper in keepers:
        _put_old_log_aside(keeper.program.log)
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    try:
        yield keepers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _put_old_log_aside(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))


async def ready(keeper: Keeper, voice: Voice, http: aiohttp.ClientSession) -> None:
    """Wait until a program answers; raises NotStarted when it will not."""
    started = time.monotonic()
    while not await answers(keeper.program.probe, http):
        if keeper.deaths >= DEATHS or time.monotonic() - started > PATIENCE:
            raise NotStarted(await _what_is_wrong(keeper.program, voice, http))
        await asyncio.sleep(0.2)
    seconds = round(time.monotonic() - started)
    voice.say("services_started", program=voice.name(keeper.program), seconds=seconds)


async def _what_is_wrong(program: Program, voice: Voice, http: aiohttp.ClientSession) -> str:
    """Return the end of a program's log, and what it answers instead of 200 if it answers."""
    lines = program.log.read_text(errors="replace").splitlines()[-15:]
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with http.get(program.probe, timeout=PROBE) as response:
            lines.append(f"{program.probe} {response.status} {(await response.text())[:500]}")
    heading = voice.sentence("services_not_ready", program=voice.name(program), log=program.log)
    return "\n    ".join([heading, *lines])


async def answers(url: str, http: aiohttp.ClientSession) -> bool:
    """Return whether there is a 200 at `url`."""
    try:
        async with http.get(url, timeout=PROBE) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


# --- ports ----------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def must_be_free(host: str, port: int, voice: Voice) -> None:
    """Raise NotStarted when nothing can listen on `host` and `port`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror as error:
        raise NotStarted(
            voice.sentence("services_host_unknown", host=host, reason=error.strerror)
        ) from error
    except OSError as error:
        name = (
            "services_port_in_use" if error.errno == errno.EADDRINUSE else "services_host_unknown"
        )
        raise NotStarted(
            voice.sentence(name, host=host, port=port, reason=error.strerror)
        ) from error


# --- an engine for the others ---------------------------------------------------------------


def fingerprint(installation: Installation) -> str:
    """Return what tells apart two states of the knowledge, the Actions and the model."""
    digest = hashlib.sha256()
    for folder in ("knowledge", "actions"):
        for path in sorted((installation.root / folder).rglob("*")):
            if path.suffix in {".py", ".yaml"}:
                digest.update(str(path.relative_to(installation.root)).encode())
                digest.update(path.read_bytes())
    model = installation.model.stat()
    digest.update(f"{model.st_mtime_ns} {model.st_size}".encode())
    return digest.hexdigest()


async def running_serve(installation: Installation, http: aiohttp.ClientSession) -> str | None:
    """Return the address of the Rasa of a running `serve` of the same state, if there is one."""
    try:
        note = json.loads(installation.running.read_text())
        os.kill(note["pid"], 0)
        same = note["fingerprint"] == fingerprint(installation)
        rasa_url = str(note["rasa_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rasa_url if same and await answers(rasa_url, http) else None


@contextlib.asynccontextmanager
async def engine_running(
    installation: Installation,
    phrases: Phrases,
    tell: Tell,
    *,
    lasting: bool = False,
    reuse: bool = True,
) -> AsyncIterator[str]:
    """Give the address of a Rasa that answers, its Actions beside it, for as long as the block.

    `lasting` keeps conversations and tickets in the state folder; otherwise they are gone
    afterwards. Raises NotStarted when there is no way.
    """
    voice = Voice(installation, phrases, tell)
    with tempfile.TemporaryDirectory(prefix="lotse-") as passing:
        async with aiohttp.ClientSession() as http:
            if reuse and (url := await running_serve(installation, http)):
                yield url
                return
            async with _engine(
                voice, installation.state if lasting else Path(passing), http
            ) as url:
                yield url


@contextlib.asynccontextmanager
async def _engine(voice: Voice, state: Path, http: aiohttp.ClientSession) -> AsyncIterator[str]:
    installation = voice.installation
    _must_have_model(voice)
    state.mkdir(parents=True, exist_ok=True)
    rasa_port, actions_port = free_port(), free_port()
    programs = (
        actions(installation, actions_port, state),
        rasa(installation, rasa_port, actions_port, state),
    )
    async with kept(programs, voice) as keepers:
        voice.say("services_starting", program=voice.name(programs[1]))
        await asyncio.gather(*(ready(keeper, voice, http) for keeper in keepers))
        yield f"http://{LOOPBACK}:{rasa_port}"


def _must_have_model(voice: Voice) -> None:
    if not voice.installation.model.is_file():
        raise NotStarted(voice.sentence("services_no_model", path=voice.installation.model))


# --- serve ----------------------------------------------------------------------------------


async def serve(voice: Voice, host: str, port: int) -> int:
    """Run the whole assistant until a signal; return the exit code that belongs to it."""
    must_be_free(host, port, voice)
    port = port or free_port()
    _must_have_model(voice)
    stopped = _first_signal()
    work = asyncio.create_task(_serve(voice, host, port))
    await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not stopped.done():
        await work  # it can only have failed
    voice.say("services_stopping")
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return 128 + stopped.result()


def _first_signal() -> asyncio.Future[int]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return stopped


async def _serve(voice: Voice, host: str, port: int) -> None:
    installation = voice.installation
    started = time.monotonic()
    installation.state.mkdir(parents=True, exist_ok=True)
    rasa_port, actions_port = free_port(), free_port()
    rasa_url = f"http://{LOOPBACK}:{rasa_port}"
    programs = (
        actions(installation, actions_port, installation.state),
        rasa(installation, rasa_port, actions_port, installation.state),
        web(installation, host, port, rasa_url),
    )
    # Taken before the programs read their files: a later change must not look like theirs.
    state = fingerprint(installation)
    async with kept(programs, voice) as keepers, aiohttp.ClientSession() as http:
        for program in programs:
            voice.say("services_starting", program=voice.name(program))
        await asyncio.gather(*(ready(keeper, voice, http) for keeper in keepers))
        url = _address(host, port)
        voice.say("services_ready", url=url, seconds=round(time.monotonic() - started))
        with _note(installation, {"url": url, "rasa_url": rasa_url, "fingerprint": state}):
            await asyncio.Event().wait()


@contextlib.contextmanager
def _note(installation: Installation, facts: Mapping[str, str]) -> Iterator[None]:
    """Leave word for the other commands while the block runs; they never read half of it."""
    note = installation.running.with_suffix(".new")
    note.write_text(json.dumps({"pid": os.getpid(), **facts}))
    note.replace(installation.running)
    try:
        yield
    finally:
        installation.running.unlink(missing_ok=True)


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="./lotse")
    command = parser.add_subparsers(required=True).add_parser("serve")
    command.add_argument("--host", default=LOOPBACK)
    command.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    voice = Voice(Installation.from_environment(os.environ), load().phrases, _print)
    try:
        return asyncio.run(serve(voice, arguments.host, arguments.port))
    except NotStarted as error:
        print(error, file=sys.stderr)
        return 1


def _print(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
