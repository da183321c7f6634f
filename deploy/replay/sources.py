"""Which data sets there are, where each is found, and which sums it expects of a ledger."""

from enum import StrEnum
from pathlib import Path

import polars as pl

from deploy.replay import expectation, olist_expectation
from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.olist import Olist
from deploy.replay.olist_files import OlistFiles
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import Source


class SourceName(StrEnum):
    COMPLETEJOURNEY = "completejourney"
    OLIST = "olist"


def source(name: SourceName, path: Path | None, period: Period, limit: int | None) -> Source:
    match files(name, path):
        case OlistFiles() as olist:
            return Olist(olist, period, limit)
        case CompleteJourneyFiles() as completejourney:
            return CompleteJourney(completejourney, period, limit)


def expected_bookings(name: SourceName, path: Path | None, period: Period) -> pl.DataFrame:
    match files(name, path):
        case OlistFiles() as olist:
            placed, bookings = olist_expectation.ordered_items(olist, period), olist_expectation.bookings
        case CompleteJourneyFiles() as completejourney:
            placed, bookings = expectation.sold_lines(completejourney, period), expectation.bookings
    if placed.is_empty():
        raise ReplayRefused(f"No order was placed in {period}.")
    return bookings(placed)


def files(name: SourceName, path: Path | None) -> CompleteJourneyFiles | OlistFiles:
    match name:
        case SourceName.OLIST if path:
            return OlistFiles(path)
        case SourceName.OLIST:
            raise ReplayRefused("olist is read from the directory of its files: name it with --path DIR.")
        case SourceName.COMPLETEJOURNEY if path:
            raise ReplayRefused("completejourney is read from its installed package; --path is for olist.")
        case SourceName.COMPLETEJOURNEY:
            return CompleteJourneyFiles.installed()
