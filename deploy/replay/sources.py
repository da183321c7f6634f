"""Which data sets there are, where each is found, and what it expects of the services."""

from enum import StrEnum
from pathlib import Path

from deploy.replay import expectation, olist_expectation, online_retail_expectation
from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.expected import Expected
from deploy.replay.olist import Olist
from deploy.replay.olist_files import OlistFiles
from deploy.replay.online_retail import OnlineRetail
from deploy.replay.online_retail_files import OnlineRetailFiles
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import Source


class SourceName(StrEnum):
    COMPLETEJOURNEY = "completejourney"
    OLIST = "olist"
    ONLINE_RETAIL = "online-retail"


Files = CompleteJourneyFiles | OlistFiles | OnlineRetailFiles


def source(name: SourceName, path: Path | None, period: Period, limit: int | None) -> Source:
    match files(name, path):
        case OlistFiles() as olist:
            return Olist(olist, period, limit)
        case OnlineRetailFiles() as online_retail:
            return OnlineRetail(online_retail, period, limit)
        case CompleteJourneyFiles() as completejourney:
            return CompleteJourney(completejourney, period, limit)


def expected(name: SourceName, path: Path | None, period: Period) -> Expected:
    match files(name, path):
        case OlistFiles() as olist:
            return olist_expectation.expected(olist, period)
        case OnlineRetailFiles() as online_retail:
            return online_retail_expectation.expected(online_retail, period)
        case CompleteJourneyFiles() as completejourney:
            return expectation.expected(completejourney, period)


def files(name: SourceName, path: Path | None) -> Files:
    match name:
        case SourceName.COMPLETEJOURNEY if path:
            raise ReplayRefused("completejourney is read from its installed package; --path is for the others.")
        case SourceName.COMPLETEJOURNEY:
            return CompleteJourneyFiles.installed()
        case _ if path is None:
            raise ReplayRefused(f"{name} is read from the directory of its files: name it with --path DIR.")
        case SourceName.OLIST:
            return OlistFiles(path)
        case SourceName.ONLINE_RETAIL:
            return OnlineRetailFiles(path)
