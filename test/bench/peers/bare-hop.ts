import { connect } from 'amqplib'

/**
 * The limit of a hop in this process: consume, publish the same bytes, await the confirm, acknowledge. Nothing is read of the
 * message, nothing can go wrong. Arguments: URL, queue to read, queue to write, prefetch.
 */
const [url = '', from = '', to = '', prefetch = '200'] = process.argv.slice(2)
const options = { noDelay: true }
// Two connections, as the bus has them.
const [consuming, publishing] = [await connect(url, options), await connect(url, options)]
const out = await publishing.createConfirmChannel()
const channel = await consuming.createChannel()
await channel.prefetch(Number(prefetch))
await channel.consume(from, (delivery) => {
  if (delivery === null) process.exit(1)
  const { messageId } = delivery.properties
  out.publish('', to, delivery.content, { persistent: true, mandatory: true, messageId }, (error) => {
    if (error) process.exit(1)
    channel.ack(delivery)
  })
})
