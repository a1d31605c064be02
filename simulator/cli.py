"""Command `nhsa-sim`; each subcommand is a module `simulator/commands/<name>.py`, imported only when called."""

import gc
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, cast

import click

import simulator.commands
from simulator import __version__
from simulator.command_line import asked_language, read_config, shown_in_language, speak_in_own_words
from simulator.core.errors import SimulatorError
from simulator.core.texts import language, speaking, text

LANGUAGES = ("zh", "en")

BROKEN = 2
"""Exit code of a run that could not go on; 1 stands for findings, 0 for none."""


class Commands(click.Group):
    """Finds subcommands by their files, so that a command imports only its own module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(module.name for module in pkgutil.iter_modules(simulator.commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"simulator.commands.{cmd_name}").command
        return shown_in_language(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # Names of files stand for the commands here, so click has none of its own to suggest from.
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx) and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(name, possibilities=self.list_commands(ctx), ctx=ctx)
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Runs in the language that `--lang` asks for at any place, help and refusals of click included."""
        speak_in_own_words()
        asked, rest = asked_language(sys.argv[1:] if args is None else args)
        known = asked if asked in LANGUAGES else None
        with speaking(known or language()):
            words = rest if asked is None else ["--lang", asked, *rest]
            return click.Group.main(cast(click.Group, shown_in_language(self)), args=words, **extra)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="nhsa-sim")
@click.option(
    "--lang", type=click.Choice(LANGUAGES), help="语言，写在哪里都行 / language, at any place (default: locale's)"
)
@click.pass_context
def cli(ctx: click.Context, lang: str | None) -> None:
    """国家医疗保障信息平台仿真与联调预演 / A rehearsal stage for the national healthcare-security platform.

    选项的默认值可写在当前文件夹的 nhsa-sim.toml 或 pyproject.toml 的 [tool.nhsa-sim] / Defaults of options stand in
    nhsa-sim.toml of the current folder, or in [tool.nhsa-sim] of its pyproject.toml.
    """
    ctx.with_resource(speaking(lang))
    config = read_config(Path.cwd())
    if config is not None:
        ctx.default_map = config.defaults(cli)


def main() -> None:
    """Runs the command; a SimulatorError is printed and ends with exit code 2, without a traceback."""
    # Data read at the start is never freed; the default thresholds would spend a fifth of the start on scanning it.
    gc.set_threshold(50_000, 20, 20)
    # Stores, captures and exports hold identity data: whatever a command writes is its user's alone.
    os.umask(os.umask(0o077) | 0o077)
    # Child processes (platform, agency, hospital) take the language from the environment.
    asked, _ = asked_language(sys.argv[1:])
    if asked in LANGUAGES:
        os.environ["NHSA_SIM_LANG"] = str(asked)
    # SIGTERM raises SystemExit, so that child processes are ended; servers replace this handler by their own.
    signal.signal(signal.SIGTERM, _exit_on_signal)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(BROKEN)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except SimulatorError as error:
        click.echo(f"{text('command.error')}{error}", err=True)
        sys.exit(BROKEN)
    except KeyboardInterrupt:
        sys.exit(130)


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
