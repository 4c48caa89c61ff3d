"""The script `lotse`, run as people run it; real installations are played by small fakes."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
#: What the script calls before there is anything of its own.
TOOLS = (
    *("env", "readlink", "dirname", "df", "awk", "find", "sort"),
    *("xargs", "sha256sum", "flock", "tail", "sed", "grep", "cut"),
)
COMMANDS = ("serve", "chat", "triage", "kb", "train", "test", "bench", "teams", "doctor")

#: A uv that makes an "environment" whose Python is this one, and says what it was asked.
FAKE_UV = """#!/bin/bash
echo "uv $*" >>"$FAKE_CALLS"
case $1 in
venv)
  for folder; do :; done
  mkdir -p "$folder/bin"
  ln -sf "$FAKE_PYTHON" "$folder/bin/python"
  ;;
pip) [[ ! -e ${FAKE_BROKEN:-/nowhere} ]] || { echo "$FAKE_MESSAGE" >&2; exit 1; } ;;
esac
"""

#: A python3 that makes the fake uv instead of installing the real one.
FAKE_PYTHON = """#!/bin/bash
if [[ "$1 $2" == "-m venv" ]]; then
  mkdir -p "$3/bin"
  cp "$FAKE_TOOLS/uv" "$3/bin/uv"
  printf '#!/bin/bash\\n' >"$3/bin/python"
  chmod +x "$3/bin/python"
else
  exec "$FAKE_PYTHON" "$@"
fi
"""


class Desk:
    """A copy of the script in a folder with a blank, with fakes first in PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a folder"
        self.home = folder / "its home"
        self.calls = folder / "calls"
        self.tools = folder / "tools"
        self.tools.mkdir()
        (self.root / "knowledge").mkdir(parents=True)
        (self.root / "bot").mkdir()
        shutil.copy2(ROOT / "lotse", self.root / "lotse")
        shutil.copy2(ROOT / "pyproject.toml", self.root / "pyproject.toml")
        (self.root / "requirements.lock").write_text("one==1\n")
        (self.root / "bot" / "requirements.lock").write_text("rasa==3\n")
        (self.root / "knowledge" / "__init__.py").write_text("")
        (self.root / "knowledge" / "__main__.py").write_text("print('the knowledge')\n")
        self.calls.touch()
        self.tool("uv", FAKE_UV)
        self.tool("python3", FAKE_PYTHON)
        # The real Python behind the fake environments, whatever this test runs in.
        self.environment = {
            **os.environ,
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "LOTSE_HOME": str(self.home),
            "FAKE_CALLS": str(self.calls),
            "FAKE_TOOLS": str(self.tools),
            "FAKE_PYTHON": os.path.realpath(sys.executable),
        }

    def tool(self, name: str, text: str) -> None:
        path = self.tools / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "lotse"), *arguments],
            env=self.environment | environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def stamps(self) -> set[str]:
        folder = self.home / "stamps"
        return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_without_a_set_up(desk: Desk, command: str) -> None:
    shown = desk.run(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: ./lotse {command}")
    assert "Auf Deutsch" in shown.stdout
    assert not desk.home.exists()


def test_the_help_names_every_command(desk: Desk) -> None:
    shown = desk.run("--help").stdout
    assert all(f"\n  {command} " in shown for command in COMMANDS)


def test_the_version_is_that_of_the_project(desk: Desk) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    version = next(line for line in text.splitlines() if line.startswith("version"))
    assert desk.run("--version").stdout == f"lotse {version.split(chr(34))[1]}\n"


def test_an_unknown_command_is_named_and_refused(desk: Desk) -> None:
    shown = desk.run("dance")
    assert shown.returncode == 2
    assert "There is no command 'dance'" in shown.stderr


def test_no_command_at_all_shows_the_help_and_is_no_success(desk: Desk) -> None:
    shown = desk.run()
    assert shown.returncode == 2
    assert "Usage:" in shown.stderr


# --- set-up ---------------------------------------------------------------------------------


def test_the_first_use_sets_up_and_the_second_has_nothing_to_do(desk: Desk) -> None:
    first = desk.run("kb", "stats")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "the knowledge\n"
    assert "Installing the desk" in first.stderr
    calls = desk.calls.read_text()
    second = desk.run("kb", "stats")
    assert (second.returncode, second.stdout, second.stderr) == (0, "the knowledge\n", "")
    assert desk.calls.read_text() == calls


def test_only_hashed_packages_are_installed(desk: Desk) -> None:
    desk.run("kb", "stats")
    assert "pip sync --require-hashes" in desk.calls.read_text()


def test_an_interrupted_set_up_goes_on_where_it_stopped(desk: Desk) -> None:
    desk.run("kb", "stats")
    (desk.home / "stamps" / "desk").unlink()
    again = desk.run("kb", "stats")
    assert again.returncode == 0
    assert "Installing the desk" in again.stderr
    assert "Fetching the installer" not in again.stderr


def test_a_stamp_without_its_result_is_worth_nothing(desk: Desk) -> None:
    desk.run("kb", "stats")
    (desk.home / "desk" / "bin" / "python").unlink()
    again = desk.run("kb", "stats")
    assert again.stdout == "the knowledge\n"
    assert "Installing the desk" in again.stderr


def test_a_changed_lock_is_installed(desk: Desk) -> None:
    desk.run("kb", "stats")
    (desk.root / "requirements.lock").write_text("one==2\n")
    assert "Installing the desk" in desk.run("kb", "stats").stderr


def test_a_failed_step_shows_its_log_and_leaves_no_stamp(desk: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    failed = desk.run("kb", FAKE_BROKEN=str(broken), FAKE_MESSAGE="hash mismatch for one")
    assert failed.returncode == 1
    assert "hash mismatch for one" in failed.stderr
    assert desk.stamps() == {"uv"}
    broken.unlink()
    assert desk.run("kb").returncode == 0


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("error sending request for url", "The first use needs the internet"),
        ("failed to lookup address: Temporary failure in name resolution", "needs the internet"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("error: No interpreter found for Python >=3.10", "could not be fetched"),
        ("ensurepip is not available", "apt-get install python3-venv"),
    ],
)
def test_a_failure_we_know_is_explained(
    desk: Desk, tmp_path: Path, message: str, sentence: str
) -> None:
    (tmp_path / "broken").touch()
    failed = desk.run("kb", FAKE_BROKEN=str(tmp_path / "broken"), FAKE_MESSAGE=message)
    assert failed.returncode == 1
    assert sentence in failed.stderr


def test_two_starts_at_once_set_up_only_once(desk: Desk) -> None:
    slow = FAKE_UV.replace("case $1 in", "sleep 1\ncase $1 in")
    desk.tool("uv", slow)
    command = [str(desk.root / "lotse"), "kb"]
    running = [
        subprocess.Popen(command, env=desk.environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert desk.calls.read_text().count("pip sync") == 1
    assert any("waiting until it has finished" in text for text in said)


def test_the_bot_is_not_begun_without_room_for_it(desk: Desk) -> None:
    desk.tool(
        "df", "#!/bin/bash\nprintf 'Filesystem 1024-blocks Used Available\\nx 9 9 2097152\\n'\n"
    )
    shown = desk.run("train")
    assert shown.returncode == 1
    assert "has 2 GB free, the bot needs 6 GB" in shown.stderr
    assert "LOTSE_HOME" in shown.stderr
    assert desk.stamps() == {"uv", "desk"}


def test_a_missing_python_is_said(desk: Desk, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for tool in ("bash", "mkdir", *TOOLS):
        (bare / tool).symlink_to(str(shutil.which(tool)))
    shown = desk.run("kb", PATH=str(bare))
    assert shown.returncode == 1
    assert "There is no python3 on this machine" in shown.stderr


def test_a_python_that_is_too_old_is_said(desk: Desk) -> None:
    old = '#!/bin/bash\n[[ $1 == --version ]] || exit 1\necho "Python 3.6.9"\n'
    for name in ("python3", "python3.13", "python3.12", "python3.11", "python3.10"):
        desk.tool(name, old)
    shown = desk.run("kb")
    assert shown.returncode == 1
    assert "too old (Python 3.6.9)" in shown.stderr


def test_a_missing_tool_is_named(desk: Desk, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for tool in ("bash", *TOOLS):
        if tool != "sha256sum":
            (bare / tool).symlink_to(str(shutil.which(tool)))
    shown = desk.run("kb", PATH=str(bare))
    assert shown.returncode == 1
    assert "The program 'sha256sum' is missing" in shown.stderr


def test_a_home_that_cannot_be_made_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    shown = desk.run("kb", LOTSE_HOME=str(tmp_path / "a file"))
    assert shown.returncode == 1
    assert "cannot be written" in shown.stderr


# --- serve ----------------------------------------------------------------------------------


def test_a_port_in_use_is_named_before_anything_is_set_up(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shown = desk.run("serve", "--port", port)
    assert shown.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in shown.stderr
    assert not desk.home.exists()


@pytest.mark.parametrize("port", ["70000", "http", "-1", ""])
def test_a_port_that_is_none_is_refused(desk: Desk, port: str) -> None:
    shown = desk.run("serve", f"--port={port}")
    assert shown.returncode == 1
    assert "port" in shown.stderr


def test_an_option_that_serve_does_not_know_is_named(desk: Desk) -> None:
    shown = desk.run("serve", "--prot", "1")
    assert shown.returncode == 1
    assert "serve does not know '--prot'" in shown.stderr


# --- the real one ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared() -> Path:
    """The script itself, everything set up: no work inside `./lotse test`, which did it."""
    subprocess.run([str(ROOT / "lotse"), "train"], check=True, timeout=900)
    return ROOT / "lotse"


def test_on_a_prepared_machine_there_is_nothing_to_do(prepared: Path) -> None:
    shown = subprocess.run([str(prepared), "train"], cwd="/", capture_output=True, text=True)
    assert shown.returncode == 0
    assert "nothing to do" in shown.stderr
    assert "…" not in shown.stderr


def test_results_alone_go_to_standard_output(prepared: Path, tmp_path: Path) -> None:
    """Whoever pipes the results must not find our talk among them."""
    post = json.dumps({"id": "a", "text": "0xC004F074"})
    shown = subprocess.run(
        [str(prepared), "triage"],
        cwd=tmp_path,
        input=f"{post}\n\nnonsense\n",
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert shown.returncode == 0, shown.stderr
    results = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [result["id"] for result in results] == ["a", None, None]
    assert results[0]["codes"] == ["0xC004F074"]
    assert "error" in results[1]
    assert "error" in results[2]
    assert "3 posts done" in shown.stderr or "3 Beiträge" in shown.stderr
