"""The command `nhsa-sim`: a subcommand lives in `simulator/commands/<name>.py`, read only when it is called."""

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
"""Exit code when the run itself could not go on; 1 is findings, 0 is all green."""


class Commands(click.Group):
    """Finds a subcommand by its file, so `--help` of one never pays for another's imports."""

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
    """Runs the command; a fault that has a sentence ends with it and exit code 2, never with a traceback."""
    # What is read at the start stays for good; looking through it for garbage again and again is a fifth of starting.
    gc.set_threshold(50_000, 20, 20)
    # Child processes (platform, agency, hospital) speak the language that was asked for here.
    for index, word in enumerate(sys.argv[1:-1], 1):
        if word == "--lang":
            os.environ["NHSA_SIM_LANG"] = sys.argv[index + 1]
    # What a run has started ends with it, also when it is told to end; servers put their own answer in place of this.
    signal.signal(signal.SIGTERM, _told_to_end)
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


def _told_to_end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
