"""Command `nhsa-sim`; each subcommand is a module `simulator/commands/<name>.py`, imported only when called."""

import gc
import importlib
import os
import pkgutil
import signal
import sys
from types import FrameType

import click

import simulator.commands
from simulator import __version__
from simulator.core.errors import SimulatorError
from simulator.core.texts import speaking, text

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
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="nhsa-sim")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="语言 / language (default: zh, or the locale's)")
@click.pass_context
def cli(ctx: click.Context, lang: str | None) -> None:
    """国家医疗保障信息平台仿真与联调预演 / A rehearsal stage for the national healthcare-security platform."""
    ctx.with_resource(speaking(lang))


def main() -> None:
    """Runs the command; a SimulatorError is printed and ends with exit code 2, without a traceback."""
    # Data read at the start is never freed; the default thresholds would spend a fifth of the start on scanning it.
    gc.set_threshold(50_000, 20, 20)
    # Stores, captures and exports hold identity data: whatever a command writes is its user's alone.
    os.umask(os.umask(0o077) | 0o077)
    # Child processes (platform, agency, hospital) take the language from the environment.
    for index, word in enumerate(sys.argv[1:-1], 1):
        if word == "--lang":
            os.environ["NHSA_SIM_LANG"] = sys.argv[index + 1]
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
