"""The `sellerdesk` command: a table of where each verb lives. Only the one that is called is imported."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from rich.console import Console

from deploy.local.failure import StackFailure

VERBS = {
    "up": "deploy.local.commands:up",
    "down": "deploy.local.commands:down",
    "status": "deploy.local.show_status:status",
    "reset": "deploy.local.commands:reset",
    "demo": "deploy.replay.demo.command:demo",
    "replay": "deploy.replay.commands:replay",
    "reconcile": "deploy.replay.commands:reconcile",
    "rebuild": "deploy.replay.commands:rebuild",
    "import": "deploy.importing:app",
    "export": "deploy.exporting:app",
    "parked": "deploy.parked:app",
    "held": "deploy.held:app",
    "erase": "deploy.erasing:erase",
}
"""Verb → module:function, or module:app where the app has verbs of its own."""


def application(verbs: Sequence[str]) -> typer.Typer:
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(sellerdesk)
    for verb in verbs:
        module, _, name = VERBS[verb].partition(":")
        target = getattr(import_module(module), name)
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=verb)
        else:
            app.command(verb)(target)
    return app


def sellerdesk() -> None:
    """The back office of an online store, on this machine."""


def main() -> None:
    called = sys.argv[1:2]
    try:
        application([verb for verb in VERBS if verb in called] or list(VERBS))()
    except StackFailure as failure:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(failure), style="red", markup=False)
        sys.exit(1)
