"""What an error of a broker's client means to whoever operates the service: one sentence, with what to do."""

from urllib.parse import urlsplit

from aiokafka.errors import KafkaConnectionError
from pymongo.errors import ConnectionFailure

from shared.runtime.settings import ServiceSettings


def sentence(error: Exception, settings: ServiceSettings) -> str:
    match error:
        case KafkaConnectionError() | TimeoutError():  # the driver of MongoDB has time-outs of its own
            return silence("Kafka", settings)
        case ConnectionFailure():
            return silence("MongoDB", settings)
        case _:
            return f"{type(error).__name__}: {error}"


def silence(broker: str, settings: ServiceSettings) -> str:
    """broker: Kafka or MongoDB."""
    where, variable = {
        "Kafka": (settings.kafka_bootstrap_servers, "KAFKA_BOOTSTRAP_SERVERS"),
        "MongoDB": (urlsplit(settings.mongodb_uri).netloc.rpartition("@")[2], "MONGODB_URI"),  # before @ is secret
    }[broker]
    return f"{broker} does not answer at {where}: start it, or name where it is in {variable}"
