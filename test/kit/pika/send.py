"""Sends texts through the bus: python send.py <url> <routing key> <text> ..."""

import sys

import pika

url, key, *texts = sys.argv[1:]

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.exchange_declare(exchange='esb_exchange', exchange_type='direct')

for text in texts:
    channel.basic_publish(exchange='esb_exchange', routing_key=key, body=text)
    print(f'sent {text!r} with key {key}')

connection.close()
