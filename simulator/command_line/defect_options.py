"""Options by which a reference system is given defects."""

from collections.abc import Callable
from typing import Any

import click

_HELP = "help"


def defect_options(side: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds `--defect` and `--list-defects` to the command of a side; the command gets `defects`, checked names."""

    def tell(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted:
            _list(context, side)

    def check(context: click.Context, _: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
        from simulator.self_check.catalogue import chosen

        if _HELP in names:
            _list(context, side)
        return tuple(each.name for each in chosen(names, side)) if names else ()

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        given = click.option(
            "--defect",
            "defects",
            multiple=True,
            metavar="NAME",
            callback=check,
            help="故意带上的缺陷，可多次；help 列出全部 / a defect to have on purpose; help lists them",
        )
        listed = click.option(
            "--list-defects",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=tell,
            help="列出可带的缺陷 / list the defects there are",
        )
        return given(listed(command))

    return decorated


def _list(context: click.Context, side: str) -> None:
    from simulator.self_check.catalogue import listing

    click.echo(listing(side))
    context.exit()
