"""A selection of the fault matrix on the four services; `make faults` runs all of it."""

import random

import pytest

from tests.faults.matrix.fault import Fault
from tests.faults.matrix.one_run import one_run
from tests.faults.matrix.registry import FAULTS, chosen
from tests.faults.mutant import MUTANTS
from tests.support.stack import Stack

pytestmark = pytest.mark.faults

FAST = chosen([], fast=True)
CHEAPEST_MUTANT = "no sequence guard"


@pytest.mark.parametrize("fault", FAST, ids=lambda fault: fault.id)
async def test_nothing_is_lost(stack: Stack, fault: Fault) -> None:
    result = await one_run(fault, random.randrange(1_000_000), stack)
    assert result.ok, "\n".join([str(result.report), *result.complaints, result.command])


async def test_a_service_without_its_sequence_guard_is_found_out(stack: Stack) -> None:
    (fault,) = chosen([MUTANTS[CHEAPEST_MUTANT][1]], fast=False)
    result = await one_run(fault, random.randrange(1_000_000), stack, mutant=CHEAPEST_MUTANT)
    assert {"I6", "I8"} & set(result.report.broken), "\n".join([str(result.report), *result.complaints, result.command])


def test_faults_have_numbers_of_their_own_and_mutants_a_fault_that_finds_them_out() -> None:
    ids = [fault.id for fault in FAULTS]
    assert len(set(ids)) == len(ids)
    assert {fault for _, fault in MUTANTS.values()} <= set(ids)
    assert not any(fault.needs_brokers for fault in FAST)
