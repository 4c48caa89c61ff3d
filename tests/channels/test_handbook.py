"""The handbook under /handbook."""

import asyncio
import gzip
import os

import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels import handbook
from channels.app import init_app
from channels.settings import Settings
from knowledge.handbook import build
from tests.channels.conftest import SECRET


@pytest.fixture(scope="module")
def files(knowledge):
    """Return the rendered files, so that one rendering serves all tests."""
    return build.render(knowledge)


@pytest.fixture
async def book(knowledge, files, monkeypatch):
    monkeypatch.setattr(build, "render", lambda _: files)
    app = init_app(Settings(secret=SECRET), knowledge)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


@pytest.mark.parametrize(
    ("browser", "language"),
    [("", "de"), ("de-DE", "de"), ("en-GB,en;q=0.9,de;q=0.8", "en"), ("fr-FR", "de")],
)
async def test_the_handbook_opens_in_the_language_of_the_browser(book, browser, language):
    answer = await book.get("/handbook", headers={"Accept-Language": browser})
    assert answer.status == 200
    assert answer.url.path == f"/handbook/{language}/"
    assert f'<html lang="{language}">' in gzip.decompress(await answer.read()).decode()
    assert answer.history[-1].headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("de/", "text/html; charset=utf-8"),
        ("en/faults/kms-host-unreachable.html", "text/html; charset=utf-8"),
        ("de/faults/", "text/html; charset=utf-8"),
        ("static/handbook.css", "text/css; charset=utf-8"),
        ("static/search.js", "text/javascript; charset=utf-8"),
        ("de/search-index.js", "text/javascript; charset=utf-8"),
        ("static/lotse.svg", "image/svg+xml; charset=utf-8"),
    ],
)
async def test_every_kind_of_file_says_what_it_is(book, files, path, kind):
    answer = await book.get(f"/handbook/{path}", headers={"Accept-Encoding": "identity"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert await answer.read() == files[f"{path}index.html" if path.endswith("/") else path]


async def test_a_folder_without_its_slash_is_sent_on(book):
    answer = await book.get("/handbook/de/faults")
    assert answer.url.path == "/handbook/de/faults/"


async def test_a_page_goes_out_compressed_and_only_once(book, files):
    address = "/handbook/de/codes/index.html"
    answer = await book.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await answer.read()) == files["de/codes/index.html"]
    again = await book.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/%2e%2e/README.md",
        "de/../../../../etc/passwd",
        "de/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "de/faults/nothing.html",
        "de/%00",
        "templates/base.html.j2",
    ],
)
async def test_nothing_but_the_rendered_pages_is_given(book, path):
    answer = await raw_get(book.host, book.port, f"/handbook/{path}")
    assert b" 404 " in answer.splitlines()[0]
    assert b"root:" not in answer


async def raw_get(host, port, target):
    """Ask as no client would: the path is sent as it is."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_pages_carry_the_security_headers(book):
    headers = (await book.get("/handbook/de/")).headers
    assert "default-src 'none'; script-src 'self';" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_chat_page_links_to_the_handbook(book):
    page = await (await book.get("/", params={"lang": "en"})).read()
    assert b'<a href="handbook/en/">Handbook</a>' in page


async def test_the_server_answers_before_the_handbook_is_rendered(knowledge, monkeypatch):
    read_end, write_end = os.pipe()

    def slow(_):
        os.read(read_end, 1)  # until the test says so
        return {"de/index.html": b"done"}

    monkeypatch.setattr(build, "render", slow)
    app = init_app(Settings(secret=SECRET), knowledge)
    app.on_startup.append(handbook.warm)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/")).status == 200
        assert not app[handbook.SHELF].begin().done()
        os.write(write_end, b"x")
        assert await (await client.get("/handbook/de/")).text() == "done"
    os.close(read_end)
    os.close(write_end)
