"""What docs/testing-your-system and the samples under docs/ci tell people to type exists, in both languages."""

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from simulator.cli import cli
from simulator.core.errors import SetupError
from simulator.testing.plugin import MARKS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("testing-your-system.md", "testing-your-system.zh-CN.md")
SAMPLES = ("github-actions.yml", "gitlab-ci.yml", "Jenkinsfile")
SH_STEP = re.compile(r"^\s*sh '([^']*)'$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def github():
    jobs = yaml.safe_load(page("ci/github-actions.yml"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def gitlab():
    read = yaml.safe_load(page("ci/gitlab-ci.yml"))
    jobs = {name: job for name, job in read.items() if isinstance(job, dict) and name != "default"}
    assert {job["stage"] for job in jobs.values()} == set(read["stages"])
    return [*read["default"]["before_script"], *(line for job in jobs.values() for line in job["script"])]


def jenkins():
    written = page("ci/Jenkinsfile")
    assert written.count("{") == written.count("}")
    return SH_STEP.findall(written)


def lines(name):
    """Every command that a page or sample gives."""
    if name in SAMPLES:
        return {"github-actions.yml": github, "gitlab-ci.yml": gitlab, "Jenkinsfile": jenkins}[name]()
    return [line for kind, block in BLOCK.findall(page(name)) if kind == "sh" for line in block.splitlines()]


def understood(words):
    """Raises click's own error where a command, option or value of it does not exist."""
    command, context = cli, click.Context(cli, info_name="nhsa-sim")
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, name
    # An option such as --list-defects is understood by printing and ending with 0, and --resume by looking for the run
    # that it names, which there is none of here.
    understands = contextlib.suppress(click.exceptions.Exit, SetupError)
    with understands, command.make_context(name, [*words], parent=context):
        pass


@pytest.mark.parametrize("name", [*PAGES, *SAMPLES])
def test_every_command_is_one_that_exists(name, request):
    commands = [shlex.split(re.sub(r"\$\{\{.*?\}\}", "http://127.0.0.1:8200/", line)) for line in lines(name)]
    ours = [words[1:] for words in commands if words[0] == "nhsa-sim"]
    assert len(ours) >= 2
    for words in ours:
        understood(words)
    for words in (words for words in commands if words[0] == "pytest"):
        for word in words:
            if word.startswith("--"):
                request.config.getoption(word)
    assert {words[0] for words in commands} <= {"nhsa-sim", "pytest", "pip", "python3"}


@pytest.mark.parametrize("wrong", ["contract chekc x", "contract check x --edtion y", "rehearse --use city"])
def test_a_command_that_does_not_exist_would_be_noticed(wrong):
    with pytest.raises((click.ClickException, AssertionError)):
        understood(wrong.split())


def test_the_samples_do_the_same_things():
    """Installing, checking messages, running tests, rehearsing; each system reads the files that its commands write."""
    done = [[words[:2] for words in map(str.split, lines(name)) if words[0] != "python3"] for name in SAMPLES]
    assert done[0] == done[1] == done[2]
    for name in SAMPLES:
        written = re.findall(r"--(?:output|junitxml) ([\w.]+)", page(f"ci/{name}"))
        assert len(written) == 2
        assert all(page(f"ci/{name}").count(file) >= 2 for file in written), name


@pytest.mark.parametrize("name", PAGES)
def test_the_page_names_every_mark_and_its_links_lead_somewhere(name):
    written = page(name)
    assert {mark.partition("(")[0] for mark in MARKS} <= set(re.findall(r"`(nhsa_\w+)\(", written))
    links = re.findall(r"\]\(([^)#]+)\)", written)
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_both_languages_show_the_same_code():
    english, chinese = ([re.sub(r"\s*#.*", "", block) for _, block in BLOCK.findall(page(name))] for name in PAGES)
    assert english == chinese
