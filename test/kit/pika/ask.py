"""Asks a question and waits for its answer: python ask.py <url> <routing key> <text>."""

import sys
import uuid

import pika

url, key, text = sys.argv[1:]

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.exchange_declare(exchange='esb_exchange', exchange_type='direct')
replies = channel.queue_declare(queue='', exclusive=True).method.queue

question = str(uuid.uuid4())
answers = []


def on_reply(ch, method, properties, body):
    if properties.correlation_id == question:
        answers.append(body.decode())


channel.basic_consume(queue=replies, on_message_callback=on_reply, auto_ack=True)
channel.basic_publish(
    exchange='esb_exchange',
    routing_key=key,
    properties=pika.BasicProperties(reply_to=replies, correlation_id=question),
    body=text,
)
connection.call_later(30, lambda: sys.exit('no answer after 30 seconds'))
while not answers:
    connection.process_data_events(time_limit=30)

print(answers[0])
connection.close()
