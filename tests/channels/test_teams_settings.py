"""What Teams is told, from the environment and from teams.yaml."""

import pytest

from channels.cards import say
from channels.teams.settings import BadSettings, Identity, read_settings
from tests.channels.fake_teams import APP, OTHER_TENANT, TENANT

ENVIRONMENT = {
    "LOTSE_TEAMS_APP_ID": APP,
    "LOTSE_TEAMS_TENANT_ID": TENANT,
    "LOTSE_TEAMS_SECRET": "a secret nobody sees",
}
FILE = f"app_id: {APP}\ntenant_id: {TENANT}\n"


def told(tmp_path, text="", **environ):
    if text:
        (tmp_path / "teams.yaml").write_text(text, encoding="utf-8")
    return read_settings(tmp_path, environ)


def test_without_any_word_there_is_no_teams(tmp_path):
    assert told(tmp_path) is None
    assert told(tmp_path, "# nothing yet\n") is None


def test_a_single_tenant_bot_from_the_environment(tmp_path):
    settings = told(tmp_path, **ENVIRONMENT)
    assert (settings.app_id, settings.tenant_id) == (APP, TENANT)
    assert settings.identity is Identity.SINGLE_TENANT
    assert settings.secret == "a secret nobody sees"
    assert settings.tenants == {TENANT}


def test_the_secret_is_in_no_repr(tmp_path):
    assert "nobody sees" not in repr(told(tmp_path, **ENVIRONMENT))


def test_a_managed_identity_needs_no_secret(tmp_path):
    settings = told(tmp_path, FILE + "identity: managed_identity\n")
    assert settings.identity is Identity.MANAGED_IDENTITY
    assert settings.secret == ""


def test_the_environment_goes_before_the_file(tmp_path):
    settings = told(tmp_path, FILE + "secret: from the file\n", LOTSE_TEAMS_SECRET="from outside")
    assert settings.secret == "from outside"


def test_the_secret_may_stand_in_a_file_of_its_own(tmp_path):
    (tmp_path / "secret").write_text(" from its file\n")
    assert told(tmp_path, FILE + "secret_file: secret\n").secret == "from its file"


@pytest.mark.parametrize("way", ["list", "line"])
def test_people_of_other_tenants_may_be_let_in(way, tmp_path):
    line = f"[{OTHER_TENANT}]" if way == "list" else f'"{OTHER_TENANT}"'
    settings = told(tmp_path, f"{FILE}secret: x\nuser_tenants: {line}\n")
    assert settings.tenants == {TENANT, OTHER_TENANT}


def test_ids_may_be_written_in_capitals(tmp_path):
    assert told(tmp_path, **(ENVIRONMENT | {"LOTSE_TEAMS_APP_ID": APP.upper()})).app_id == APP


@pytest.mark.parametrize("word", ["1", "true", "yes", "On"])
def test_the_playground_is_switched_on_by_a_clear_word(word, tmp_path):
    assert told(tmp_path, LOTSE_TEAMS_PLAYGROUND=word).playground


@pytest.mark.parametrize(
    ("text", "environ", "phrase"),
    [
        ("app_id: [", {}, "teams_settings_unreadable"),
        ("- a\n- b\n", {}, "teams_settings_unreadable"),
        ("app_id: a\napp_id: b\n", {}, "teams_settings_unreadable"),
        ("app-id: x\n", {}, "teams_settings_name"),
        (FILE, {}, "teams_settings_missing"),
        ("secret: x\n", {}, "teams_settings_missing"),
        (f"app_id: {APP}\nsecret: x\n", {}, "teams_settings_missing"),
        (f"app_id: My bot\ntenant_id: {TENANT}\nsecret: x\n", {}, "teams_settings_guid"),
        (FILE + "secret: x\nuser_tenants: contoso.com\n", {}, "teams_settings_guid"),
        (FILE + "identity: multi_tenant\n", {}, "teams_settings_value"),
        (FILE + "secret_file: nowhere\n", {}, "teams_settings_unreadable"),
        ("playground: maybe\n", {}, "teams_settings_value"),
        (FILE, {"LOTSE_TEAMS_PLAYGROUND": "1"}, "teams_settings_both"),
    ],
)
def test_wrong_settings_are_said_in_a_sentence(text, environ, phrase, tmp_path, knowledge):
    with pytest.raises(BadSettings) as caught:
        told(tmp_path, text, **environ)
    assert caught.value.phrase == phrase
    for language in ("de", "en"):
        sentence = say(knowledge.phrases, phrase, language, **caught.value.values)
        assert sentence.endswith(".")
        assert "secret: x" not in sentence


def test_a_broken_file_is_not_quoted_because_the_secret_may_stand_in_it(tmp_path):
    with pytest.raises(BadSettings) as caught:
        told(tmp_path, "secret: nobody sees this: [\n")
    assert "nobody" not in str(caught.value)
