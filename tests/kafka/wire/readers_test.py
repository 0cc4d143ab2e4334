#!/usr/bin/env python3
"""What the sink writes in each encoding, read by clients that are not Annals': confluent-kafka, cloudevents' Kafka binding, the
schema ids of Confluent's deserializers, and Kafka's console consumer.

usage: readers_test.py WRITER JARS_SCRIPT      JARS_SCRIPT prints the folder of Kafka's jars

Without a package index the Python clients are missing: exit 77, which is a skip.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import python_clients  # noqa: E402

python_clients.enter()


JARS, WRITER = sys.argv.pop(), sys.argv.pop()
ID = "0190a6c2-7d2e-7000-8000-0123456789ab"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TIME = datetime.datetime(2026, 3, 1, 12, 0, 0, 250_000, datetime.timezone.utc)
from cloudevents.v1.kafka import KafkaMessage, from_binary, from_structured  # noqa: E402
from confluent_kafka import Consumer, TopicPartition  # noqa: E402
from confluent_kafka.schema_registry import dual_schema_id_deserializer  # noqa: E402
from confluent_kafka.schema_registry.common.serde import SchemaId  # noqa: E402
from confluent_kafka.serialization import MessageField, SerializationContext  # noqa: E402


def read(topic):
    consumer = Consumer({"bootstrap.servers": os.environ["ANNALS_KAFKA"], "group.id": topic})
    consumer.assign([TopicPartition(topic, 0, 0)])
    record = consumer.poll(30)
    consumer.close()
    assert record is not None and record.error() is None, topic
    return record


def event_of(record, parse):
    return parse(KafkaMessage(headers=dict(record.headers()), key=record.key(), value=record.value()))


class Readers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        written = subprocess.run([WRITER], check=True, text=True, stdout=subprocess.PIPE, timeout=60).stdout
        cls.topics = dict(line.split() for line in written.splitlines())

    def record(self, name):
        return read(self.topics[name])

    def check_event(self, event):
        self.assertEqual((event["id"], event["source"], event["type"]), (ID, "/shop", "shop.v1.OrderPlaced"))
        self.assertEqual(datetime.datetime.fromisoformat(event["time"]), TIME)

    def test_cloudevents_reads_binary_mode(self):
        event = event_of(self.record("binary"), from_binary)
        self.check_event(event)
        self.assertEqual(event.data, {"total": 1.5})

    def test_cloudevents_reads_structured_mode(self):
        event = event_of(self.record("structured"), from_structured)
        self.check_event(event)
        self.assertEqual(event.data, {"total": 1.5})
        self.assertEqual(event["traceparent"], TRACE)

    def test_cloudevents_reads_bytes_in_structured_mode(self):
        record = self.record("structured-bytes")
        event = event_of(record, lambda message: from_structured(message, data_unmarshaller=lambda data: data))
        self.check_event(event)
        self.assertEqual(event.data, b"\x0a\x01x")
        # The binding puts the header content-type in the place of the event's own.
        self.assertEqual(json.loads(record.value())["datacontenttype"], "application/protobuf")

    def test_confluent_kafka_reads_raw_and_debezium(self):
        own = [("traceparent", TRACE.encode()), ("tenant", b"acme")]
        for name, before in (("raw", []), ("debezium", [("id", ID.encode()), ("eventType", b"shop.v1.OrderPlaced")])):
            record = self.record(name)
            self.assertEqual((record.key(), record.value()), (b"42", b'{"total":1.5}'))
            self.assertEqual(record.headers(), before + own)

    def test_confluent_kafka_sees_a_tombstone(self):
        record = self.record("tombstone")
        self.assertIsNone(record.value())
        self.assertEqual(record.key(), b"42")

    def test_confluents_deserializer_finds_the_schema(self):
        for name, kind, value in (("prefix-json", "JSON", b'{"total":1.5}'), ("prefix-protobuf", "PROTOBUF", b"\x0a\x01x"),
                                  ("header-protobuf", "PROTOBUF", b"\x0a\x01x")):
            record, found = self.record(name), SchemaId(kind)
            context = SerializationContext(record.topic(), MessageField.VALUE, record.headers())
            rest = dual_schema_id_deserializer(record.value(), context, found)
            self.assertEqual(rest.read(), value)
            self.assertEqual(found.message_indexes, [2, 0] if kind == "PROTOBUF" else None)
            by_header = name.startswith("header")
            self.assertEqual(found.id, None if by_header else 258)
            self.assertEqual(found.guid, uuid.UUID(bytes=bytes(range(16))) if by_header else None)

    def test_console_consumer_prints_debezium(self):
        jars = subprocess.run([JARS], check=True, text=True, stdout=subprocess.PIPE, timeout=120).stdout.strip()
        printed = subprocess.run(
            ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", "org.apache.kafka.tools.consumer.ConsoleConsumer",
             "--bootstrap-server", os.environ["ANNALS_KAFKA"], "--topic", self.topics["debezium"], "--from-beginning",
             "--max-messages", "1", "--timeout-ms", "30000", "--property", "print.headers=true", "--property", "print.key=true"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertIn(f"id:{ID},eventType:shop.v1.OrderPlaced,traceparent:{TRACE},tenant:acme\t42\t" + '{"total":1.5}',
                      printed.stdout, printed.stderr)


if __name__ == "__main__":
    unittest.main()
