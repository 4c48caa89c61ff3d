"""The page, its headers and /healthz."""

import gzip
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.app import init_app
from channels.services import free_port
from channels.settings import BadSecret, Settings, secret_in
from tests.channels.conftest import SECRET

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("asked", "browser", "language"),
    [
        ("", "", "de"),
        ("", "fr-FR", "de"),
        ("", "en-GB,en;q=0.9,de;q=0.8", "en"),
        ("en", "de-DE", "en"),
        ("de", "en-GB", "de"),
        ("<x>", "", "de"),
    ],
)
async def test_the_page_speaks_the_language_asked_for(client, asked, browser, language):
    answer = await client.get("/", params={"lang": asked}, headers={"Accept-Language": browser})
    page = await answer.text()
    assert f'<html lang="{language}" ' in page
    assert "<title>Lizenzlotse</title>" in page
    assert "{{" not in page


async def test_no_answer_lets_a_foreign_script_run(client):
    for path in (
        "/",
        "/chat.js",
        "/widget.js",
        "/style.css",
        "/healthz",
        "/nothing",
        "/directline/nothing",
    ):
        headers = (await client.get(path)).headers
        assert "default-src 'none'; script-src 'self';" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "aiohttp" not in headers["Server"]


async def test_the_page_needs_nothing_from_elsewhere_and_no_inline_script(client):
    page = await (await client.get("/")).text()
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


async def test_the_page_says_so_when_web_chat_is_not_installed(knowledge, tmp_path):
    for name in ("index.html", "chat.js"):
        (tmp_path / name).write_bytes((ROOT / "channels" / "web" / name).read_bytes())
    settings = Settings(secret=SECRET, web_root=tmp_path)
    async with TestClient(TestServer(init_app(settings, knowledge))) as client:
        assert (await client.get("/assets/webchat.js")).status == 404
        assert "kann gerade nicht geladen werden" in await (await client.get("/")).text()


async def test_web_chat_goes_out_unmodified_compressed_and_once(knowledge, tmp_path):
    bundle = tmp_path / "node_modules/botframework-webchat/dist/webchat.js"
    bundle.parent.mkdir(parents=True)
    bundle.write_text("window.WebChat = {};\n" * 100)
    settings = Settings(secret=SECRET, web_root=tmp_path)
    async with TestClient(
        TestServer(init_app(settings, knowledge)), auto_decompress=False
    ) as client:
        small = await client.get("/assets/webchat.js", headers={"Accept-Encoding": "gzip, br"})
        assert gzip.decompress(await small.read()) == bundle.read_bytes()
        plain = await client.get("/assets/webchat.js", headers={"Accept-Encoding": "identity"})
        assert await plain.read() == bundle.read_bytes()
        known = {"If-None-Match": small.headers["ETag"]}
        assert (await client.get("/assets/webchat.js", headers=known)).status == 304
        assert "max-age" in small.headers["Cache-Control"]


async def test_the_launcher_is_small_knows_both_languages_and_runs_on_any_page(client):
    answer = await client.get("/widget.js")
    script = await answer.read()
    assert len(script) < 15_000
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Chat schließen" in script.decode()
    assert "Close chat" in script.decode()
    assert "{{" not in script.decode()
    known = {"If-None-Match": answer.headers["ETag"]}
    assert (await client.get("/widget.js", headers=known)).status == 304


async def test_the_page_in_a_frame_takes_the_wishes_of_the_page_around_it(client):
    page = await (await client.get("/?embed=1&lang=en&theme=dark")).text()
    assert '<html lang="en" class="dark" data-embedded>' in page
    page = await (await client.get('/?lang=de&theme="><script>')).text()
    assert '<html lang="de" class="">' in page


async def test_healthz_is_good_when_rasa_has_its_model_and_an_action_answers(client):
    answer = await client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_healthz_says_what_is_missing(client, rasa):
    rasa.health = False
    answer = await client.get("/healthz")
    assert answer.status == 503
    assert (await answer.json())["message"].startswith("Rasa is running, but")


async def test_many_looks_at_healthz_are_one_look_at_rasa(client, rasa):
    for _ in range(5):
        await client.get("/healthz")
    assert len(rasa.received) == 1


def test_a_secret_is_made_once_and_nobody_else_may_read_it(tmp_path):
    path = tmp_path / "state" / "secret"
    made = secret_in(path)
    assert len(made) >= 32
    assert secret_in(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "secret").write_text("short")
    with pytest.raises(BadSecret, match="fewer than 32"):
        secret_in(tmp_path / "secret")


def test_a_settings_object_does_not_show_its_secret():
    assert SECRET not in repr(Settings(secret=SECRET))


def test_sigterm_ends_the_server_cleanly(tmp_path):
    port = free_port()
    command = (sys.executable, "-m", "channels.app", "--port", str(port))
    options = ("--rasa-url", "http://127.0.0.1:9", "--secret-file", str(tmp_path / "secret"))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen((*command, *options), cwd=ROOT, env=environment) as process:
        try:
            assert _page(port).status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def _page(port):
    end = time.monotonic() + 60
    while True:
        try:
            return urlopen(f"http://127.0.0.1:{port}/")
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
