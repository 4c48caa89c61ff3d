"""Clients of others in processes of their own, and a line to the server that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "tests" / "clients"
#: Closing with this set resets a connection instead of ending it.
RESET = struct.pack("ii", 1, 0)


@dataclass
class Wire:
    """A TCP relay in front of a server. `cut` resets every connection, wherever it just is."""

    port: int
    behind: int
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def busy(self) -> bool:
        """Whether there is something to cut."""
        return bool(self._open)

    def cut(self) -> None:
        """Reset all connections."""
        for writer in list(self._open):
            with contextlib.suppress(OSError):
                end: socket.socket = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        self._open.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        try:
            other_reader, other = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, other}
        self._open |= ends
        try:
            await asyncio.gather(_pump(reader, other), _pump(other_reader, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


@asynccontextmanager
async def wire(behind: int) -> AsyncIterator[Wire]:
    """Give a wire to the server that listens on a port of this computer."""
    made = Wire(0, behind)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()


@dataclass
class Client:
    """A client of somebody else's, running; what it told so far."""

    name: str
    process: asyncio.subprocess.Process
    told: list[Json] = field(default_factory=list)

    async def listen(self) -> None:
        """Take in what it tells until it ends."""
        assert self.process.stdout
        async for line in self.process.stdout:
            self.told.append(json.loads(line))

    @property
    def done(self) -> Json:
        """Its last line: the conversation, and a token for it."""
        assert self.told, self.name
        assert self.told[-1].get("done"), (self.name, self.told[-3:])
        return self.told[-1]

    def heard(self) -> list[str]:
        """Return the texts of the assistant that it was given, in order."""
        return [
            one["text"] for one in self.told if "text" in one and one.get("from", "bot") == "bot"
        ]


async def directlinejs(port: int, stop: Path, way: str) -> Client:
    """Start botframework-directlinejs in Node."""
    home = Path(os.environ.get("LOTSE_HOME") or ROOT / ".lotse")
    node = shutil.which("node") or str(home / "node" / "bin" / "node")
    script = str(CLIENTS / "directlinejs.mjs")
    domain = f"http://127.0.0.1:{port}/directline"
    return await _started(way, node, script, str(home / "clients"), domain, str(stop), way)


async def directline_client(port: int, stop: Path) -> Client:
    """Start the Python package directline-client in its own environment."""
    home = Path(os.environ.get("LOTSE_HOME") or ROOT / ".lotse")
    python = str(home / "clients" / "python" / "bin" / "python")
    script = str(CLIENTS / "python_client.py")
    return await _started(
        "python", python, script, f"http://127.0.0.1:{port}/directline", str(stop)
    )


async def _started(name: str, *command: str) -> Client:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, limit=2**20
    )
    return Client(name, process)
