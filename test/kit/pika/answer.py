"""A service that answers whoever asks: python answer.py <url> <service>."""

import sys

import pika

url, service = sys.argv[1:]
queue = f'{service}_queue'

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.exchange_declare(exchange='esb_exchange', exchange_type='direct')
channel.queue_declare(queue=queue)
channel.queue_bind(exchange='esb_exchange', queue=queue, routing_key=service)


def on_request(ch, method, properties, body):
    answer = f'{service} has read: {body.decode()}'
    ch.basic_publish(
        exchange='',
        routing_key=properties.reply_to,
        properties=pika.BasicProperties(correlation_id=properties.correlation_id),
        body=answer,
    )
    print(f'answered {answer}', flush=True)


channel.basic_consume(queue=queue, on_message_callback=on_request, auto_ack=True)
print(f'waiting on {queue}', flush=True)
channel.start_consuming()
