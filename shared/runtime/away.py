"""What an error of a broker's client means to whoever operates the service: one sentence, with what to do."""

from urllib.parse import urlsplit

from aiokafka.errors import KafkaConnectionError
from pymongo.errors import ConnectionFailure

from shared.runtime.settings import ServiceSettings


def sentence(error: Exception, settings: ServiceSettings) -> str:
    match error:
        case KafkaConnectionError() | TimeoutError():  # the driver of MongoDB has time-outs of its own
            return _away("Kafka", settings.kafka_bootstrap_servers, "KAFKA_BOOTSTRAP_SERVERS")
        case ConnectionFailure():
            hosts = urlsplit(settings.mongodb_uri).netloc.rpartition("@")[2]  # whatever precedes it is secret
            return _away("MongoDB", hosts, "MONGODB_URI")
        case _:
            return f"{type(error).__name__}: {error}"


def _away(who: str, where: str, variable: str) -> str:
    return f"{who} does not answer at {where}: start it, or name where it is in {variable}"
