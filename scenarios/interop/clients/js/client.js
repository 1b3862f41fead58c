// One job from standard input, one result on the last line of standard output.
const { Kafka, CompressionTypes, Partitioners, ConfigResourceTypes, logLevel } = require('kafkajs')

const run = async (j) => {
  const kafka = new Kafka({ brokers: [j.address], logLevel: logLevel.ERROR, retry: { retries: 5 } })
  if (j.op === 'produce') {
    const producer = kafka.producer({ idempotent: j.idempotent, createPartitioner: Partitioners.DefaultPartitioner, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = j.records.map((r) => {
      const headers = {}
      for (const h of r.headers || []) {
        const value = Buffer.from(h.value || '', 'base64')
        headers[h.name] = headers[h.name] ? [].concat(headers[h.name], value) : value
      }
      return { partition: j.partition, key: Buffer.from(r.key, 'base64'), value: Buffer.from(r.value || '', 'base64'), headers, timestamp: String(r.timestamp_ms) }
    })
    await producer.send({ topic: j.topic, acks: -1, compression: j.codec === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None, messages })
    await producer.disconnect()
    return {}
  }
  const admin = kafka.admin()
  await admin.connect()
  try {
    const resource = { type: ConfigResourceTypes.TOPIC, name: j.topic }
    switch (j.op) {
      case 'create':
        if (!(await admin.createTopics({ topics: [{ topic: j.topic, numPartitions: j.partitions, replicationFactor: 1 }] }))) throw new Error('not created')
        return {}
      case 'delete':
        await admin.deleteTopics({ topics: [j.topic] })
        return {}
      case 'alter-config':
        await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [{ name: j.name, value: j.value }] }] })
        return {}
      case 'describe-config': {
        const d = await admin.describeConfigs({ includeSynonyms: false, resources: [{ ...resource, configNames: [j.name] }] })
        return { value: d.resources[0].configEntries.find((e) => e.configName === j.name).configValue }
      }
      default:
        throw new Error('not in this client: ' + j.op)
    }
  } finally {
    await admin.disconnect()
  }
}

let input = ''
process.stdin.on('data', (d) => (input += d)).on('end', () =>
  run(JSON.parse(input)).then((r) => console.log(JSON.stringify(r)), (e) => console.log(JSON.stringify({ error: String(e.stack || e) }))).then(() => process.exit(0)))
