"""Prints what a service receives: python listen.py <url> <service>, such as service_a."""

import sys

import pika

url, service = sys.argv[1:]
queue = f'{service}_queue'

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.exchange_declare(exchange='esb_exchange', exchange_type='direct')
channel.queue_declare(queue=queue)
channel.queue_bind(exchange='esb_exchange', queue=queue, routing_key=service)


def on_message(ch, method, properties, body):
    print(f'received {body.decode()}', flush=True)


channel.basic_consume(queue=queue, on_message_callback=on_message, auto_ack=True)
print(f'waiting on {queue}', flush=True)
channel.start_consuming()
