"""`sellerdesk replay | reconcile | rebuild` with nothing running."""

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import application
from deploy.local.failure import StackFailure
from tests.support.command import sellerdesk

NOWHERE = {f"{name}_URL": "http://127.0.0.1:9" for name in ("CATALOG", "ORDERS", "INQUIRIES", "ANALYTICS")}


def run(*arguments: str, **environment: str) -> Result:
    verbs = application(["replay", "reconcile", "rebuild"])
    return CliRunner(env=environment).invoke(verbs, arguments)


def test_an_empty_period_is_one_sentence_and_exit_2() -> None:
    done = sellerdesk("replay", "--from", "2018-03-01")
    assert (done.returncode, done.stderr) == (2, "No order was placed in 2018-03-01 and later.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay", "--from", "2017-02-02", "--to", "2017-02-01"], "ends on 2017-02-01, before it starts"),
        (
            ["reconcile", "--source", "completejourney", "--to", "2016-12-31"],
            "No order was placed in up to 2016-12-31.",
        ),
        (["reconcile", "--from", "2017-01-16"], "--from and --to choose orders of a --source."),
        (["rebuild", "orders"], "only analytics keeps what can be rebuilt"),
        *((["replay", f"--speed={wrong}"], "a number above 0, or max") for wrong in ("0", "-1", "fast", "inf", "nan")),
    ],
)
def test_what_cannot_be_done_is_exit_2(arguments: list[str], sentence: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_half_of_a_store_in_the_environment_is_refused() -> None:
    done = run("reconcile", CATALOG_URL="http://127.0.0.1:9", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    assert isinstance(done.exception, StackFailure)
    assert str(done.exception).endswith("ORDERS_URL, INQUIRIES_URL, ANALYTICS_URL is missing.")


def test_services_that_do_not_answer_are_named() -> None:
    done = run("reconcile", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9", **NOWHERE)
    assert isinstance(done.exception, StackFailure)
    assert str(done.exception).startswith("http://127.0.0.1:9/reconcile does not answer")
