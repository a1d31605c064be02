"""The command line as a whole: help, languages, suggestions, and the file of defaults."""

import re

import click
import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.core.errors import DataFaults
from simulator.core.texts import speaking

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def run(*words):
    return CliRunner().invoke(cli, list(words), prog_name="nhsa-sim")


def every_command(command=cli, path=()):
    """Words of every command and subcommand."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), (*path, name))


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_help_of_every_command_is_in_the_language_asked_for(path):
    english, chinese = run(*path, "--help", "--lang=en"), run(*path, "--lang", "zh", "--help")
    assert (english.exit_code, chinese.exit_code) == (0, 0)
    assert CHINESE.findall(english.output) == []
    assert "用法：" in chinese.output
    assert "Options" not in chinese.output


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rehears",), "rehearse"),
        (("contract", "chekc"), "check"),
        (("city", "check", "--jsn", "x"), "--json"),
        (("rehearse", "--use", "insurd"), "insured"),
        (("contract", "diff", "a", "b", "--format", "htlm"), "html"),
    ],
)
def test_misspelling_at_any_level_is_refused_with_what_was_meant_in_both_languages(words, meant):
    for language, other in (("zh", "Did you mean"), ("en", "是不是")):
        ended = run(*words, "--lang", language)
        assert ended.exit_code == 2
        assert meant in ended.output.split("Error: " if language == "en" else "错误：")[1]
        assert other not in ended.output


def test_unknown_language_is_refused_with_those_that_there_are():
    assert "zh, en" in run("city", "--lang=de", "--help").output


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes a file of defaults into the folder in which commands run."""

    def write(text, name="nhsa-sim.toml"):
        monkeypatch.chdir(tmp_path)
        (tmp_path / name).write_text(text, encoding="utf-8")

    return write


def test_default_of_the_file_gives_way_to_the_option(configured):
    configured("[catalogue.search]\nlimit = 1\njson = true\n")
    assert run("catalogue", "search", "透析").output.count('"code"') == 1
    assert run("catalogue", "search", "透析", "--limit", "2").output.count('"code"') == 2


def test_environment_goes_before_the_file(configured, monkeypatch):
    configured('[rehearse]\ntoken = "of the file"\n')
    seen = []
    monkeypatch.setattr(
        "simulator.commands.rehearse._plan", lambda paths, options: seen.append(options["token"]) or 1 / 0
    )
    run("rehearse")
    monkeypatch.setenv("NHSA_SIM_TOKEN", "of the environment")
    run("rehearse")
    assert seen == ["of the file", "of the environment"]


def test_pyproject_has_a_table_of_its_own(configured):
    configured('[project]\nname = "his"\n[tool.nhsa-sim.catalogue.search]\nlimit = 1\njson = true\n', "pyproject.toml")
    assert run("catalogue", "search", "透析").output.count('"code"') == 1


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("[rehearse]\nsede = 1\n", 2, "seed"),
        ("\n[rehears]\nseed = 1\n", 2, "rehearse"),
        ('[rehearse]\nquiet = true\nseed = "many"\n', 3, "many"),
        ('[rehearse]\nuse = "self"\n', 2, '["…"]'),
        ('[rehearse]\nuse = ["slef"]\n', 2, "self"),
        ('[contract.check]\nformat = "jsn"\n', 2, "json"),
        ("[rehearse\n", 1, "TOML"),
        ("seed = 1\n", 1, "rehearse"),
    ],
)
def test_wrong_file_of_defaults_is_refused_with_line_and_what_was_meant(configured, written, line, said):
    configured(written)
    ended = run("catalogue", "search", "x")
    assert isinstance(ended.exception, DataFaults)
    (fault,) = ended.exception.faults
    assert (fault.file, fault.line) == ("nhsa-sim.toml", line)
    assert said in fault.sentence.en


def test_every_fault_of_the_file_is_told_at_once(configured):
    configured("[rehearse]\nsede = 1\n[serve]\nprot = 1\n")
    assert [fault.path for fault in run("catalogue", "search", "x").exception.faults] == ["rehearse.sede", "serve.prot"]


def test_sentences_of_the_yaml_parser_are_told_in_chinese(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("area: a: b\n", encoding="utf-8")
    with speaking("zh"):
        assert "不能写“键: 值”" in run("city", "check", str(file), "--lang", "zh").output
