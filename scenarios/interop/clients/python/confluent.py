"""confluent-kafka for Python: librdkafka."""
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

import wire


def produce(j):
    errors = []
    p = Producer({"bootstrap.servers": j["address"], "compression.type": j["codec"], "enable.idempotence": j["idempotent"], "acks": "all", "message.max.bytes": 8 << 20})
    for r in j["records"]:
        p.produce(
            j["topic"], partition=j["partition"], key=wire.b64(r["key"]), value=wire.b64(r["value"]), timestamp=r["timestamp_ms"],
            headers=[(h["name"], wire.b64(h["value"])) for h in r["headers"] or []],
            on_delivery=lambda e, m: errors.append(str(e)) if e else None)
        p.poll(0)
    left = p.flush(30)
    if left or errors:
        raise RuntimeError(f"{left} not delivered, errors {errors[:3]}")


def consume(j):
    c = Consumer({"bootstrap.servers": j["address"], "group.id": "unused", "enable.auto.commit": False, "fetch.message.max.bytes": 8 << 20})
    at = TopicPartition(j["topic"], j["partition"], j["offset"])
    if j["timestamp_ms"]:
        at = c.offsets_for_times([TopicPartition(j["topic"], j["partition"], j["timestamp_ms"])], timeout=20)[0]
    c.assign([at])
    records, until = [], time.time() + 30
    while len(records) < j["count"] and time.time() < until:
        m = c.poll(1.0)
        if m is None:
            continue
        if m.error():
            raise RuntimeError(str(m.error()))
        records.append(wire.record(m.offset(), m.key(), m.value(), m.timestamp()[1], m.headers()))
    c.close()
    return {"records": records}


def run(j):
    if j["op"] == "produce":
        return produce(j)
    if j["op"] == "consume":
        return consume(j)
    a = AdminClient({"bootstrap.servers": j["address"]})
    resource = ConfigResource(ResourceType.TOPIC, j["topic"])
    if j["op"] == "create":
        futures = a.create_topics([NewTopic(j["topic"], num_partitions=j["partitions"], replication_factor=1)])
    elif j["op"] == "delete":
        futures = a.delete_topics([j["topic"]])
    elif j["op"] == "alter-config":
        resource.add_incremental_config(ConfigEntry(j["name"], j["value"], incremental_operation=AlterConfigOpType.SET))
        futures = a.incremental_alter_configs([resource])
    else:
        return {"value": a.describe_configs([resource])[resource].result(20)[j["name"]].value}
    for f in futures.values():
        f.result(20)


wire.main(run)
