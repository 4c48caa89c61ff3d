"""Starting Rasa, the action server and the web application, and looking after them."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from channels import services
from channels.services import (
    Installation,
    NotStarted,
    Program,
    Voice,
    answers,
    engine_running,
    fingerprint,
    free_port,
    kept,
    must_be_free,
    ready,
    running_serve,
)
from knowledge.store import load
from tests.channels.fake_home import ROOT, fake_home

PHRASES = load().phrases

#: A server that answers 200 and writes its process number, and that of a child of its own.
SERVER = """
import http.server, os, subprocess, sys
child = subprocess.Popen(["sleep", "300"])
open(sys.argv[2], "a").write(f"{os.getpid()} {child.pid}\\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Heard(list[str]):
    """What was said, in English."""

    def voice(self, home: Path) -> Voice:
        return Voice(Installation(ROOT, home, "en"), PHRASES, self.append)


def program(folder: Path, code: str) -> Program:
    port = free_port()
    command = (sys.executable, "-c", code, str(port), str(folder / "processes"))
    return Program("web", command, folder, {}, folder / "web.log", f"http://127.0.0.1:{port}/")


def processes(folder: Path) -> list[list[int]]:
    """Return the process numbers of every life of SERVER and its child."""
    path = folder / "processes"
    lines = path.read_text().splitlines() if path.exists() else []
    return [[int(number) for number in line.split()] for line in lines]


def alive(number: int) -> bool:
    """Tell whether a process runs; a dead one that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def eventually(condition: object) -> None:
    assert callable(condition)
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not come to pass within ten seconds")


# --- one program ----------------------------------------------------------------------------


async def test_a_program_is_ready_when_it_answers_and_nothing_of_it_is_left(
    tmp_path: Path,
) -> None:
    heard = Heard()
    voice = heard.voice(tmp_path)
    async with (
        kept([program(tmp_path, SERVER)], voice) as [keeper],
        aiohttp.ClientSession() as http,
    ):
        await ready(keeper, voice, http)
        [[number, child]] = processes(tmp_path)
        assert alive(number)
        assert alive(child)
    assert not alive(number)
    assert not alive(child)
    assert heard[-1].startswith("Web application: running")


async def test_a_program_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    heard = Heard()
    voice = heard.voice(tmp_path)
    async with (
        kept([program(tmp_path, SERVER)], voice) as [keeper],
        aiohttp.ClientSession() as http,
    ):
        await ready(keeper, voice, http)
        os.kill(processes(tmp_path)[0][0], signal.SIGKILL)
        await eventually(lambda: len(processes(tmp_path)) == 2)
        await ready(keeper, voice, http)
    assert any("ended unexpectedly (code -9), starting again in 0.5 s" in said for said in heard)


async def test_the_pause_before_another_start_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SHORTEST_DELAY", 0.01)
    monkeypatch.setattr(services, "LONGEST_DELAY", 0.04)
    heard = Heard()
    async with kept([program(tmp_path, "raise SystemExit(3)")], heard.voice(tmp_path)):
        await eventually(lambda: len(heard) >= 5)
    pauses = [said.split(" in ")[1].split(" s.")[0] for said in heard[:5]]
    assert pauses == ["0.01", "0.02", "0.04", "0.04", "0.04"]


async def test_a_long_life_makes_the_next_pause_short_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SHORTEST_DELAY", 0.01)
    monkeypatch.setattr(services, "LONG_LIFE", 0.0)
    heard = Heard()
    async with kept([program(tmp_path, "raise SystemExit(3)")], heard.voice(tmp_path)):
        await eventually(lambda: len(heard) >= 3)
    assert all("in 0.01 s" in said for said in heard[:3])


async def test_a_program_that_will_not_start_is_given_up_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SHORTEST_DELAY", 0.01)
    voice = Heard().voice(tmp_path)
    broken = program(tmp_path, "raise SystemExit('the model is broken')")
    async with kept([broken], voice) as [keeper], aiohttp.ClientSession() as http:
        with pytest.raises(NotStarted, match="the model is broken"):
            await ready(keeper, voice, http)


async def test_a_program_that_answers_but_is_not_well_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PATIENCE", 2.0)
    unwell = SERVER.replace(
        "self.send_response(200); self.end_headers()",
        "self.send_response(503); self.end_headers(); self.wfile.write(b'no model')",
    )
    voice = Heard().voice(tmp_path)
    sick = program(tmp_path, unwell)
    async with kept([sick], voice) as [keeper], aiohttp.ClientSession() as http:
        with pytest.raises(NotStarted, match="503 no model"):
            await ready(keeper, voice, http)


async def test_a_program_that_ignores_the_polite_request_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "GRACE", 0.2)
    voice = Heard().voice(tmp_path)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER
    async with kept([program(tmp_path, deaf)], voice) as [keeper], aiohttp.ClientSession() as http:
        await ready(keeper, voice, http)
        [[server, _]] = processes(tmp_path)
    assert not alive(server)


async def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * (services.LOG_LIMIT + 1))
    async with kept([program(tmp_path, SERVER)], Heard().voice(tmp_path)):
        pass
    assert (tmp_path / "web.log.1").stat().st_size > services.LOG_LIMIT


# --- ports ----------------------------------------------------------------------------------


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NotStarted, match=f"Port {port} on 127.0.0.1 is in use"):
            must_be_free("127.0.0.1", port, Heard().voice(tmp_path))


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_named(host: str, tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match=f"cannot listen at the address {host}"):
        must_be_free(host, 8080, Heard().voice(tmp_path))


def test_a_free_port_is_fine(tmp_path: Path) -> None:
    port = free_port()
    must_be_free("127.0.0.1", port, Heard().voice(tmp_path))
    assert 1024 < port < 65536


# --- the engine for others ------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return fake_home(tmp_path)


@pytest.fixture
def installation(environment: dict[str, str]) -> Installation:
    return Installation.from_environment(environment)


async def test_an_engine_answers_inside_the_block_and_is_gone_after_it(
    installation: Installation,
) -> None:
    heard = Heard()
    async with aiohttp.ClientSession() as http:
        async with engine_running(installation, PHRASES, heard.append) as url:
            assert url.startswith("http://127.0.0.1:")
            assert await answers(url, http)
        assert not await answers(url, http)
    assert heard[0] == "Rasa: starting …"
    assert not installation.state.exists()


async def test_a_running_serve_of_the_same_state_is_used(installation: Installation) -> None:
    async with engine_running(installation, PHRASES, print, lasting=True) as url:
        note = {"pid": os.getpid(), "rasa_url": url, "fingerprint": fingerprint(installation)}
        installation.running.write_text(json.dumps(note))
        heard = Heard()
        async with engine_running(installation, PHRASES, heard.append) as other:
            assert other == url
        assert heard == []


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        '{"pid": 1}',
        '{"pid": 999999999, "rasa_url": "http://127.0.0.1:9", "fingerprint": "x"}',
        '{"pid": 1, "rasa_url": "http://127.0.0.1:9", "fingerprint": "another state"}',
    ],
)
async def test_the_note_of_a_serve_that_is_gone_or_different_is_nothing(
    installation: Installation, note: str
) -> None:
    installation.state.mkdir()
    installation.running.write_text(note)
    async with aiohttp.ClientSession() as http:
        assert await running_serve(installation, http) is None


async def test_without_a_model_the_way_to_one_is_said(installation: Installation) -> None:
    installation.model.unlink()
    with pytest.raises(NotStarted, match=r"\./lotse train"):
        async with engine_running(installation, PHRASES, print):
            pytest.fail("there is no model")


@pytest.mark.parametrize(
    ("locale", "language"), [("de_DE.UTF-8", "de"), ("en_GB.UTF-8", "en"), ("C", "en")]
)
def test_the_language_is_that_of_the_shell(locale: str, language: str) -> None:
    assert Installation.from_environment({"LANG": locale}).language == language


# --- serve ----------------------------------------------------------------------------------


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def serving(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.services", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def until_it_answers(process: subprocess.Popen[str]) -> list[str]:
    """Return what serve says up to the address."""
    said: list[str] = []
    assert process.stdout
    for line in process.stdout:
        said.append(line.strip())
        if "The assistant answers at" in line:
            return said
    pytest.fail(f"serve ended: {said}")


def family(process: subprocess.Popen[str]) -> list[int]:
    """Return the children of a process."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(number) for number in path.read_text().split()]


def all_gone(numbers: list[int]) -> bool:
    end = time.monotonic() + 10
    while any(alive(number) for number in numbers) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(alive(number) for number in numbers)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_says_its_address_and_a_signal_ends_everything(
    serving: subprocess.Popen[str], port: int, number: signal.Signals, code: int
) -> None:
    said = until_it_answers(serving)
    assert f"http://127.0.0.1:{port}" in said[-1]
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").status == 200
    children = family(serving)
    assert len(children) == 3
    serving.send_signal(number)
    assert serving.wait(timeout=30) == code
    assert all_gone(children)


def test_a_serve_that_is_killed_leaves_no_children(serving: subprocess.Popen[str]) -> None:
    until_it_answers(serving)
    children = family(serving)
    assert len(children) == 3
    serving.kill()
    assert all_gone(children)


def test_serve_leaves_word_while_it_runs(
    serving: subprocess.Popen[str], installation: Installation, port: int
) -> None:
    until_it_answers(serving)
    for _ in range(100):
        if installation.running.exists():
            break
        time.sleep(0.05)
    note = json.loads(installation.running.read_text())
    assert note["pid"] == serving.pid
    assert note["url"] == f"http://127.0.0.1:{port}"
    assert note["fingerprint"] == fingerprint(installation)
    serving.terminate()
    serving.wait(timeout=30)
    assert not installation.running.exists()


def test_serve_on_a_port_in_use_starts_nothing(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shown = subprocess.run(
            [sys.executable, "-m", "channels.services", "serve", "--port", port],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert shown.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in shown.stderr
    assert not (Path(environment["LOTSE_HOME"]) / "logs").exists()


def test_rasa_and_the_actions_listen_on_this_machine_alone(
    serving: subprocess.Popen[str],
) -> None:
    """DESIGN, section 1: nothing but the web application meets the outside."""
    until_it_answers(serving)
    links = [
        str(link.readlink())
        for child in family(serving)
        for link in Path(f"/proc/{child}/fd").iterdir()
    ]
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    listening = [
        fields[1].split(":")[0]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in inodes
    ]
    assert listening == ["0100007F"] * 3
