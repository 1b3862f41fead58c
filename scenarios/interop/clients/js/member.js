// A member of a group: reads a topic from its beginning, prints partition and
// offset of every record, and commits.
const { Kafka, logLevel } = require('kafkajs')

const [address, groupId, topic] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, rebalanceTimeout: 6000, metadataMaxAge: 1000 })

const run = async () => {
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) => console.log(partition + ' ' + message.offset),
  })
}
run().catch((e) => {
  console.error(e)
  process.exit(1)
})
