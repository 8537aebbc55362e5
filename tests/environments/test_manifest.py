"""lifecycle.toml: what is read, and what the person is told when it is wrong."""

import sys

import pytest

from environments.manifest import Context, ManifestError, parse

WHOLE = """
[test]
command = ["{python}", "-m", "pytest"]
timeout_seconds = 120
[build]
command = ["{python}", "-m", "compileall", "."]
[backup]
command = ["cp", "{data}/shop.db", "{data}/before-{release}.db"]
[migrate]
command = ["{python}", "manage.py", "migrate"]
[start]
command = ["gunicorn", "-b", "127.0.0.1:{port}", "--chdir", "{checkout}"]
[health]
path = "/health"
timeout_seconds = 7
[probe]
path = "/health"
field = "release"
[metrics]
path = "/metrics"
[test_data]
restore = ["{python}", "manage.py", "load", "{environment}"]
"""
CONTEXT = Context(environment="staging", release="24.11", checkout="/c", data="/d", port=9000)


def test_the_whole_file_is_read():
    manifest = parse(WHOLE)
    assert manifest.test and manifest.test.timeout_seconds == 120
    assert manifest.health.timeout_seconds == 7 and manifest.can_verify
    assert manifest.metrics and manifest.metrics.path == "/metrics"


def test_placeholders_are_filled_inside_each_argument():
    manifest = parse(WHOLE)
    assert manifest.command("start", CONTEXT) == ["gunicorn", "-b", "127.0.0.1:9000", "--chdir", "/c"]
    assert manifest.command("backup", CONTEXT)[2] == "/d/before-24.11.db"
    assert manifest.command("test", CONTEXT)[0] == sys.executable
    assert manifest.command("test_data", CONTEXT)[-1] == "staging"


def test_a_value_with_spaces_or_shell_words_stays_one_argument():
    odd = Context(environment="$(id); x", release="a b", checkout="/c", data="/d")
    manifest = parse('[test]\ncommand = ["run", "{environment}", "{release}"]')
    assert manifest.command("test", odd) == ["run", "$(id); x", "a b"]


def test_what_is_not_declared_does_not_exist():
    manifest = parse("")
    assert manifest.start is None and not manifest.can_verify
    assert manifest.command("start", CONTEXT) == []


def test_the_facts_win_over_the_variables_of_the_environment():
    environ = CONTEXT.environ({"PORT": "1", "SHOP_NAME": "Кот"})
    assert environ["PORT"] == "9000" and environ["SHOP_NAME"] == "Кот"
    assert environ["RELEASE"] == "24.11" and environ["ENVIRONMENT"] == "staging" and environ["DATA_DIR"] == "/d"
    assert "PATH" in environ and "DATABASE_URL" not in environ


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("[tset]\n", 1, "tset", "did you mean test?"),
        ('[test]\n\n# why\ncomand = ["x"]\n', 4, "test.comand", "did you mean command?"),
        ('[test]\ncommand = "pytest -q"\n', 2, "test.command", "list of texts"),
        ('[start]\ncommand = ["x", 3]\n', 2, "start.command", "list of texts"),
        ("[test]\ntimeout_seconds = 5\n", 1, "test.command", "required"),
        ("[test]\ncommand = []\n", 1, "test.command", "required"),
        (
            '[test]\ncommand = ["{prot}"]\n',
            2,
            "test.command",
            "unknown placeholder {prot}; did you mean port?",
        ),
        ('[test]\ncommand = ["{x}"]\n', 2, "test.command", "known are python port"),
        ('[test]\ncommand = ["x"]\ntimeout_seconds = 0\n', 3, "test.timeout_seconds", "1 to 86400"),
        ('[test]\ncommand = ["x"]\ntimeout_seconds = true\n', 3, "test.timeout_seconds", "whole number"),
        ('[health]\npath = "health"\n', 2, "health.path", 'begin with "/"'),
        ("[health]\npath = 3\n", 2, "health.path", "text in quotes"),
        ('[start]\ncommand = ["a"]\n[test]\npath = "/"\n', 4, "test.path", "unknown key"),
        ('test = "pytest"\n', 1, "test", "written [test]"),
        ('[test]\ncommand = ["x"\n', 2, "syntax", ""),
        ("[test_data]\n", 1, "test_data.restore", "scrub would do as well"),
        ('[test_data]\nrestore = ["x"]\nname = 3\n', 3, "test_data.name", "text in quotes"),
        ('[test_data]\nscrub = "x"\n', 2, "test_data.scrub", "list of texts"),
        ("[restore_drill]\nretries = 1\n", 1, "restore_drill.command", "required"),
        ('[migrate]\ncommand = ["x"]\nretries = 6\n', 3, "migrate.retries", "whole number, 0 to 5"),
        ('[migrate]\ncommand = ["x"]\nretries = -1\n', 3, "migrate.retries", "whole number, 0 to 5"),
        ('[migrate]\ncommand = ["x"]\nretries = true\n', 3, "migrate.retries", "whole number, 0 to 5"),
        ('[create]\ncommand = ["x"]\nirreversible = "yes"\n', 3, "create.irreversible", "true or false"),
        ('[migrate]\ncommand = ["x"]\nuninteruptible = true\n', 3, "migrate.uninteruptible", "uninterruptible?"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(text, line, key, message):
    with pytest.raises(ManifestError) as error:
        parse(text)
    assert (error.value.line, error.value.key) == (line, key)
    assert message in error.value.message
    assert f"line {line}, {key}" in str(error.value)


def test_a_migration_is_waited_for_unless_the_file_says_otherwise():
    manifest = parse('[build]\ncommand = ["b"]\n[migrate]\ncommand = ["m"]\n')
    assert manifest.migrate and manifest.migrate.uninterruptible and not manifest.migrate.irreversible
    assert manifest.build and not manifest.build.uninterruptible and manifest.build.retries == 0
    told = parse('[migrate]\ncommand = ["m"]\nuninterruptible = false\nirreversible = true\nretries = 5\n').migrate
    assert told and (told.uninterruptible, told.irreversible, told.retries) == (False, True, 5)


def test_an_environment_is_made_filled_and_taken_down_by_commands_of_the_product():
    text = """
[create]
command = ["make-place", "{environment}"]
[destroy]
command = ["drop-place", "{environment}"]
[restore_drill]
command = ["restore", "{data}"]
[test_data]
restore = ["load", "{environment}"]
scrub = ["scrub", "{data}"]
name = "hundred orders"
"""
    manifest = parse(text)
    asked = {
        key: manifest.command(key, CONTEXT) for key in ("create", "destroy", "restore_drill", "scrub", "test_data")
    }
    assert asked == {
        "create": ["make-place", "staging"],
        "destroy": ["drop-place", "staging"],
        "restore_drill": ["restore", "/d"],
        "scrub": ["scrub", "/d"],
        "test_data": ["load", "staging"],
    }
    assert manifest.test_data and manifest.test_data.name == "hundred orders"


def test_which_files_are_migrations_is_said_beside_the_command():
    told = parse('[migrate]\ncommand = ["m"]\nfiles = ["sql/**/*.sql", " *.ddl "]\n').migrate
    assert told and told.files == ("sql/**/*.sql", "*.ddl")
    plain = parse('[migrate]\ncommand = ["m"]\n').migrate
    assert plain and plain.files == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[]", "must not be empty"),
        ('"sql/*.sql"', "must be a list of at most 20 names"),
        ('["/sql/*.sql"]', "is no path in the repository"),
        ('["../*.sql"]', "is no path in the repository"),
        ('["sql/"]', "is no path in the repository"),
        ("[7]", "must be a list of at most 20 names"),
    ],
)
def test_globs_that_are_no_paths_are_refused_with_line_and_key(value, said):
    with pytest.raises(ManifestError, match=said) as refused:
        parse(f'[test]\ncommand = ["t"]\n[migrate]\ncommand = ["m"]\nfiles = {value}\n')
    assert (refused.value.line, refused.value.key) == (5, "migrate.files")


def test_only_migrations_are_told_by_their_files():
    with pytest.raises(ManifestError, match="unknown key"):
        parse('[backup]\ncommand = ["b"]\nfiles = ["*.sql"]\n')
