"""The app package that an administrator uploads."""

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from channels.cards import say
from channels.teams import icons
from channels.teams.package import (
    COMMANDS,
    App,
    BadPackage,
    build,
    check_manifest,
    localization,
    manifest_of,
)
from tests.channels.fake_teams import APP

ROOT = Path(__file__).parents[2]
GOOD = App(APP, "lotse.example.com", "Muster GmbH")


@pytest.fixture
def phrases(knowledge):
    return knowledge.phrases


def opened(packed):
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_holds_manifest_words_and_icons_at_its_top(phrases):
    files = opened(build(GOOD, phrases))
    assert set(files) == {"manifest.json", "en.json", "de.json", "color.png", "outline.png"}
    manifest = json.loads(files["manifest.json"])
    named = {manifest["icons"]["color"], manifest["icons"]["outline"]}
    languages = manifest["localizationInfo"]
    named |= {one["file"] for one in languages["additionalLanguages"]}
    assert named | {languages["defaultLanguageFile"], "manifest.json"} == set(files)
    assert manifest["bots"][0]["botId"] == APP
    assert manifest["validDomains"] == ["lotse.example.com"]


def test_the_same_app_gives_the_same_bytes(phrases):
    assert build(GOOD, phrases) == build(GOOD, phrases)


def pixels(png):
    """Return width, height and the pixels of a PNG, each with red, green, blue and opacity."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, header = 8, b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        header, data = (body, data) if kind == b"IHDR" else (header, data)
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colours = struct.unpack(">IIBB", header[:10])
    assert (depth, colours) == (8, 6)
    raw, row = zlib.decompress(data), 1 + 4 * width
    lines = [raw[y * row + 1 : (y + 1) * row] for y in range(height)]
    return width, height, [tuple(one[x : x + 4]) for one in lines for x in range(0, len(one), 4)]


def test_the_colour_icon_has_its_size_and_is_filled():
    width, height, seen = pixels(icons.colour_icon())
    assert (width, height) == (192, 192)
    assert {pixel[3] for pixel in seen} == {255}
    assert len(set(seen)) > 4


def test_the_outline_icon_is_white_on_nothing():
    width, height, seen = pixels(icons.outline_icon())
    assert (width, height) == (32, 32)
    assert seen[0] == (0, 0, 0, 0)
    drawn = [pixel for pixel in seen if pixel[3]]
    assert 100 < len(drawn) < len(seen) / 2
    assert {pixel[:3] for pixel in drawn} == {(255, 255, 255)}


@pytest.mark.parametrize("language", ["de", "en"])
def test_both_languages_say_the_same_things_at_the_places_of_the_manifest(language, phrases):
    words = localization(language, phrases)
    manifest = manifest_of(GOOD, phrases)
    for place, text in words.items():
        if place == "$schema":
            continue
        found = manifest
        for key in re.findall(r"\w+", place):
            found = found[int(key)] if key.isdigit() else found[key]
        assert text.strip()
        assert language != "en" or text == found


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_words_fit_where_teams_shows_them(language, phrases):
    words = localization(language, phrases)
    limits = {"name.short": 30, "name.full": 100, "description.short": 80, "description.full": 4000}
    for place, text in words.items():
        limit = 32 if place.endswith("title") else 128 if "commands" in place else 2048
        assert len(text) <= limits.get(place, limit), place
    assert len([place for place in words if place.endswith("title")]) == len(COMMANDS)


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"bot_id": "my-bot"}, "teams_package_bot_id"),
        ({"bot_id": ""}, "teams_package_bot_id"),
        ({"domain": ""}, "teams_package_domain"),
        ({"domain": "https://lotse.example.com/"}, "teams_package_domain"),
        ({"domain": "localhost"}, "teams_package_domain"),
        ({"domain": "127.0.0.1"}, "teams_package_domain"),
        ({"domain": "lotse.example.com:443"}, "teams_package_domain"),
        ({"version": "1.0"}, "teams_package_version"),
        ({"developer": "x" * 33}, "teams_package_developer"),
        ({"developer": ""}, "teams_package_developer"),
        ({"privacy": "http://example.com"}, "teams_package_url"),
        ({"terms": "javascript:alert(1)"}, "teams_package_url"),
    ],
)
def test_what_teams_would_refuse_is_refused_here_in_a_sentence(change, phrase, phrases):
    with pytest.raises(BadPackage) as caught:
        build(replace(GOOD, **change), phrases)
    assert caught.value.phrase == phrase
    for language in ("de", "en"):
        assert say(phrases, phrase, language, **caught.value.values).endswith((".", ")."))


@pytest.mark.parametrize(
    "breach",
    [
        {"manifestVersion": "1.29"},
        {"accentColor": "blue"},
        {"name": {"short": "x" * 31, "full": "x"}},
        {"description": {"short": "x" * 81, "full": "x"}},
        {"unknown": 1},
        {"bots": []},
        {"id": "x"},
    ],
    ids=str,
)
def test_a_manifest_that_breaks_the_schema_is_not_written(breach, phrases):
    manifest = manifest_of(GOOD, phrases)
    check_manifest(manifest)
    with pytest.raises(BadPackage):
        check_manifest(manifest | breach)


def run(folder, *arguments, **environ):
    environment = {"PYTHONPATH": str(ROOT), "LOTSE_HOME": str(folder), "LC_ALL": "de_DE.UTF-8"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "channels.teams", "package", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment | environ,
        check=False,
    )


def test_the_command_writes_the_package_and_says_what_to_do_with_it(tmp_path):
    done = run(tmp_path, "--bot-id", APP.upper(), "--domain", "Lotse.example.com")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Teams Admin Center" in done.stdout
    assert "manifest.json" in opened((tmp_path / "lizenzlotse-teams.zip").read_bytes())


def test_the_command_takes_the_bot_from_the_settings(tmp_path):
    settings = {
        "LOTSE_TEAMS_APP_ID": APP,
        "LOTSE_TEAMS_TENANT_ID": APP,
        "LOTSE_TEAMS_SECRET": "x",
        "LOTSE_TEAMS_ENDPOINT": "https://lotse.example.com/api/messages",
    }
    done = run(tmp_path, "--out", "a.zip", **settings)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(opened((tmp_path / "a.zip").read_bytes())["manifest.json"])
    assert manifest["validDomains"] == ["lotse.example.com"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "ist keine App-ID"),
        (("--bot-id", APP), "kein öffentlicher Rechnername"),
        (
            ("--bot-id", APP, "--domain", "lotse.example.com", "--out", "no/such/folder/a.zip"),
            "lässt sich nicht schreiben",
        ),
    ],
)
def test_the_command_says_what_is_wrong_and_writes_nothing(arguments, sentence, tmp_path):
    done = run(tmp_path, *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("*.zip")) == []
