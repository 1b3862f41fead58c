"""A member of a group: reads a topic from its beginning, prints partition and
offset of every record, and commits. Arguments: library, address, group, topic."""
import asyncio
import sys

library, address, group, topic = sys.argv[1:]


def confluent(**more):
    import confluent_kafka

    c = confluent_kafka.Consumer(more | {
        "bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest", "topic.metadata.refresh.interval.ms": 1000, "enable.auto.commit": False})
    c.subscribe([topic])
    while True:
        m = c.poll(0.5)
        if m is not None and not m.error():
            print(m.partition(), m.offset(), flush=True)
            try:
                c.commit(m, asynchronous=False)
            except confluent_kafka.KafkaException:
                pass  # somebody else has the partition now, and reads it again


async def aio():
    from aiokafka import AIOKafkaConsumer
    from aiokafka.errors import KafkaError

    c = AIOKafkaConsumer(
        topic, bootstrap_servers=address, group_id=group, auto_offset_reset="earliest", session_timeout_ms=6000,
        heartbeat_interval_ms=500, metadata_max_age_ms=1000, enable_auto_commit=False)
    await c.start()
    async for m in c:
        print(m.partition, m.offset, flush=True)
        try:
            await c.commit()
        except KafkaError:
            pass  # somebody else has the partition now, and reads it again


if library == "confluent":
    confluent(**{"session.timeout.ms": 6000, "heartbeat.interval.ms": 500})
elif library == "confluent-consumer":
    confluent(**{"group.protocol": "consumer"})
else:
    asyncio.run(aio())
