"""F22: somebody deletes a topic and creates it anew, so the stored offsets lie beyond its end."""

from aiokafka.admin import AIOKafkaAdminClient

from deploy.topics import create_topics, topics
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.load import a_product
from tests.support.eventually import eventually

TOPIC = "catalog.inbox"
PRODUCTS = 12


async def created_anew(run: Run) -> None:
    """Its partitions are refused loudly, all others go on; once an operator forgets their offsets, they are read."""
    name, offsets = run.shop.prefix + TOPIC, run.shop.database("catalog")["offsets"]
    read = offsets.count_documents({"topic": name, "next": {"$gt": 0}})
    await _create_anew(run, name)
    run.strikes()
    await eventually(lambda: _refuses(run, read), within=30)
    run.prove("partitions refused", read)
    await run.progress(["catalog"])
    offsets.delete_many({"topic": name})
    await run.load.tell(*(a_product(f"prd_anew-{n}") for n in range(PRODUCTS)))
    await eventually(lambda: _knows_the_new(run), within=30)
    await run.only("catalog").ready()
    _forget_positions(run)


async def _create_anew(run: Run, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=run.shop.stack.kafka)
    await admin.start()
    try:
        await admin.delete_topics([name])
    finally:
        await admin.close()
    topic = next(topic for topic in topics(run.shop.prefix) if topic.name == name)
    run.prove("topics created anew", len(await create_topics(run.shop.stack.kafka, [topic])))


async def _refuses(run: Run, partitions: int) -> bool:
    answer = await run.only("catalog").http.get("/health/ready")
    return answer.text.count("outside of the log") == partitions


async def _knows_the_new(run: Run) -> bool:
    products = run.shop.database("catalog")["products"]
    return int(products.count_documents({"_id": {"$regex": "^prd_anew"}, "name": {"$exists": True}})) == PRODUCTS


def _forget_positions(run: Run) -> None:
    """Another topic of the same name: what was seen of the old one is no measure for it."""
    run.shop.observed.positions = [
        {source: next for source, next in sample.items() if source[1] != TOPIC}
        for sample in run.shop.observed.positions
    ]


FAULTS = [Fault("F22", "a topic created anew", created_anew, groups=["catalog"])]
