"""aiokafka: pure Python."""
import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

import wire


async def produce(j):
    p = AIOKafkaProducer(
        bootstrap_servers=j["address"], enable_idempotence=j["idempotent"], acks="all",
        compression_type=None if j["codec"] == "none" else j["codec"], max_request_size=8 << 20)
    await p.start()
    try:
        futures = [
            await p.send(
                j["topic"], wire.b64(r["value"]), key=wire.b64(r["key"]), partition=j["partition"], timestamp_ms=r["timestamp_ms"],
                headers=[(h["name"], wire.b64(h["value"])) for h in r["headers"] or []])
            for r in j["records"]
        ]
        for f in futures:
            await asyncio.wait_for(f, 30)
    finally:
        await p.stop()


async def consume(j):
    c = AIOKafkaConsumer(bootstrap_servers=j["address"], enable_auto_commit=False, auto_offset_reset="none", max_partition_fetch_bytes=8 << 20)
    await c.start()
    try:
        tp = TopicPartition(j["topic"], j["partition"])
        c.assign([tp])
        offset = j["offset"]
        if j["timestamp_ms"]:
            offset = (await c.offsets_for_times({tp: j["timestamp_ms"]}))[tp].offset
        c.seek(tp, offset)
        records = []
        while len(records) < j["count"]:
            m = await asyncio.wait_for(c.getone(), 30)
            records.append(wire.record(m.offset, m.key, m.value, m.timestamp, m.headers))
        return {"records": records}
    finally:
        await c.stop()


async def administer(j):
    a = AIOKafkaAdminClient(bootstrap_servers=j["address"])
    await a.start()
    try:
        if j["op"] == "create":
            r = await a.create_topics([NewTopic(j["topic"], j["partitions"], 1)])
            code = r.topic_errors[0][1]
        elif j["op"] == "delete":
            r = await a.delete_topics([j["topic"]])
            code = r.topic_error_codes[0][1]
        elif j["op"] == "alter-config":
            r = await a.alter_configs([ConfigResource(ConfigResourceType.TOPIC, j["topic"], {j["name"]: j["value"]})])
            code = r[0].resources[0][0] if isinstance(r, list) else r.resources[0][0]
        elif j["op"] == "describe-config":
            for r in await a.describe_configs([ConfigResource(ConfigResourceType.TOPIC, j["topic"])]):
                for resource in r.resources:
                    for entry in resource[4]:
                        if entry[0] == j["name"]:
                            return {"value": entry[1]}
            raise RuntimeError("no such setting")
        else:
            raise RuntimeError("not in this client: " + j["op"])
        if code:
            raise RuntimeError(f"error code {code}")
    finally:
        await a.close()


def run(j):
    return asyncio.run({"produce": produce, "consume": consume}.get(j["op"], administer)(j))


wire.main(run)
