#!/usr/bin/env python3
"""A real relay frames by a real schema registry, and Confluent's deserializers, which ask the same registry, read it.

usage: registry_test.py ROOT ANNALS ANNALS_RELAY      on the stack's PostgreSQL and Kafka; the registry is started here
"""
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
import python_clients  # noqa: E402
from maven import jars  # noqa: E402
from running import PATIENCE_S, Relay, eventually, free_port, get, metric, psql, uri  # noqa: E402

python_clients.enter()

from confluent_kafka import Consumer, TopicPartition  # noqa: E402
from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: E402
from confluent_kafka.schema_registry.common.serde import SchemaId  # noqa: E402
from confluent_kafka.schema_registry.json_schema import JSONDeserializer  # noqa: E402
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer  # noqa: E402
from confluent_kafka.serialization import MessageField, SerializationContext  # noqa: E402
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402

ROOT, ANNALS, RELAY = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
NAME = f"registry_{os.getpid()}"
API = "/apis/ccompat/v7"
PROTO = """syntax = "proto3";
package shop.v1;
message Money { map<string, int64> cents = 1; message Unit { string code = 1; } }
message OrderPlaced { string id = 1; message Line { string sku = 1; int32 count = 2; } repeated Line lines = 2; }
"""
JSON_SCHEMA = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'


class Registry:
    """Of the tests; its schemas are gone with its process."""

    def __init__(self, folder):
        jar = subprocess.run([ROOT / "script/registry"], text=True, stdout=subprocess.PIPE)
        if jar.returncode != 0:
            print("skipped: no schema registry could be fetched")
            sys.exit(77)
        self.jar, self.folder, self.port = jar.stdout.strip(), folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}{API}"
        self.start()

    def start(self):
        self.log = (self.folder / "registry.log").open("a")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "java", "-Xmx300m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
             f"-Dquarkus.http.port={self.port}", "-jar", self.jar], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if not eventually(lambda: get(self.url + "/schemas/types")[0] == 200 or self.process.poll() is not None):
            raise AssertionError((self.folder / "registry.log").read_text()[-2000:])

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def register(self, subject, kind, schema):
        request = urllib.request.Request(
            f"{self.url}/subjects/{subject}/versions", json.dumps({"schemaType": kind, "schema": schema}).encode(),
            {"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["id"]


def descriptor_of(folder):
    """What protoc makes of the schema: the other opinion of where its messages stand."""
    (folder / "shop.proto").write_text(PROTO)
    subprocess.run(["protoc", f"-I{folder}", f"--descriptor_set_out={folder}/shop.pb", "shop.proto"], check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString((folder / "shop.pb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(files.file[0])
    return pool


class Framed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.pool = descriptor_of(cls.folder)
        cls.registry = Registry(cls.folder)
        cls.addClassCleanup(cls.registry.end)
        client = SchemaRegistryClient({"url": cls.registry.url})
        cls.addClassCleanup(client.__exit__)
        cls.json_deserializer = JSONDeserializer(None, schema_registry_client=client)

    def setUp(self):
        self.database = f"{NAME}_{self._testMethodName}"[:63]
        psql(os.environ["ANNALS_DATABASE"], f"CREATE DATABASE {self.database}")
        self.addCleanup(psql, os.environ["ANNALS_DATABASE"], f"DROP DATABASE {self.database} WITH (FORCE)")
        self.annals("schema", "apply")
        self.topic = f"{self.database}-orders"
        subprocess.run([ROOT / "script/stack", "topic", self.topic, "1"], check=True, capture_output=True)

    def annals(self, *arguments):
        return subprocess.run([ANNALS, *arguments], env=os.environ | {"ANNALS_DATABASE": uri(self.database)}, check=True, text=True,
                              capture_output=True).stdout

    def enqueue(self, kind, payload, code, count=1, key="'k'"):
        psql(uri(self.database), "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
             f"SELECT gen_random_uuid(), {code}, '{self.topic}', {key}, '{kind}', {payload} FROM generate_series(1, {count}) AS n ORDER BY n")

    def enqueue_json(self, count, first=0):
        self.enqueue("shop.Note", f"convert_to(format('{{\"n\":%s}}', n + {first}), 'UTF8')", 1, count)

    def enqueue_protobuf(self, message):
        self.enqueue(message.DESCRIPTOR.full_name, f"'\\x{message.SerializeToString().hex()}'::bytea", 2)

    def message(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))(**fields)

    def relay(self, *arguments, encoding='framing = "prefix"', more=""):
        config = (f'[[encoding]]\ntopic = "{self.topic}"\n{encoding}\n[registry]\nurls = ["{self.registry.url}"]\n'
                  f"wait_max_ms = 1000\ntimeout_ms = 500\n{more}\n[limits]\nretry_max_ms = 500\n")
        return Relay(self, RELAY, self.folder, self.database, config, *arguments)

    def publish(self, *arguments, **options):
        relay = self.relay("--until-caught-up", *arguments, **options)
        self.assertEqual(relay.wait(), 0, relay.said())

    def records(self, count):
        consumer = Consumer({"bootstrap.servers": os.environ["ANNALS_KAFKA"], "group.id": self.topic})
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition(self.topic, 0, 0)])
        found = consumer.consume(count + 1, 1.0)
        for _ in range(PATIENCE_S):
            found += [] if len(found) >= count else consumer.consume(count + 1 - len(found), 1.0)
        self.assertEqual(len(found), count)
        return found

    def context(self, record):
        return SerializationContext(record.topic(), MessageField.VALUE, record.headers())

    def read_protobuf(self, record, name):
        of = message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))
        # Without a client: it asks for schemas in a form (format=serialized) that this registry does not have.
        return ProtobufDeserializer(of, {"use.deprecated.format": False})(record.value(), self.context(record))

    def way_to(self, record):
        found = SchemaId("PROTOBUF")
        found.from_bytes(io.BytesIO(record.value()))
        return found.id, list(found.message_indexes)

    def read_json(self, record):
        return self.json_deserializer(record.value(), self.context(record))

    def test_protobuf(self):
        schema = self.registry.register(f"{self.topic}-value", "PROTOBUF", PROTO)
        wanted = {"shop.v1.Money": [0], "shop.v1.OrderPlaced": [1], "shop.v1.OrderPlaced.Line": [1, 0], "shop.v1.Money.Unit": [0, 0]}
        messages = [self.message("shop.v1.Money", cents={"EUR": 5}), self.message("shop.v1.OrderPlaced", id="42"),
                    self.message("shop.v1.OrderPlaced.Line", sku="x", count=-1), self.message("shop.v1.Money.Unit", code="EUR")]
        for message in messages:
            self.enqueue_protobuf(message)
        self.publish()
        for record, message in zip(self.records(len(messages)), messages):
            name = message.DESCRIPTOR.full_name
            self.assertEqual(self.way_to(record), (schema, wanted[name]))
            self.assertEqual(self.read_protobuf(record, name), message)
            self.assertEqual(dict(record.headers())["content-type"], b"application/protobuf")

    def test_json_exactly_once(self):
        self.registry.register("shop.Note", "JSON", JSON_SCHEMA)
        self.enqueue_json(20)
        self.publish("--delivery", "exactly-once", "--kafka-checkpoint-topic", f"{self.database}-checkpoints",
                     encoding='framing = "prefix"\nsubject = "record"')
        self.assertEqual([self.read_json(record) for record in self.records(20)], [{"n": n} for n in range(1, 21)])

    def test_avro(self):
        schema = self.registry.register(f"{self.topic}-value", "AVRO", '{"type":"record","name":"A","fields":[{"name":"n","type":"int"}]}')
        self.enqueue("shop.A", "'\\x04'::bytea", 0)
        self.publish()
        found = SchemaId("AVRO")
        self.assertEqual(found.from_bytes(io.BytesIO(self.records(1)[0].value())).read(), b"\4")
        self.assertEqual(found.id, schema)

    def test_the_registrys_own_deserializer(self):
        """That of the registry's makers, in Kafka's console consumer."""
        self.registry.register(f"{self.topic}-value", "AVRO", '{"type":"record","name":"A","fields":[{"name":"n","type":"int"}]}')
        self.enqueue("shop.A", "'\\x04'::bytea", 0)
        self.publish()
        kafka = subprocess.run([ROOT / "script/kafka/deps"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        deserializer = jars(pathlib.Path(__file__).parent / "pom.xml", "apicurio.version")
        printed = subprocess.run(
            ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{kafka}/*:{deserializer}/*", "org.apache.kafka.tools.consumer.ConsoleConsumer",
             "--bootstrap-server", os.environ["ANNALS_KAFKA"], "--topic", self.topic, "--from-beginning", "--max-messages", "1", "--timeout-ms", "30000",
             *(f"--property={name}" for name in (
                 "value.deserializer=io.apicurio.registry.serde.avro.AvroKafkaDeserializer",
                 f"value.deserializer.apicurio.registry.url=http://127.0.0.1:{self.registry.port}/apis/registry/v2",
                 "value.deserializer.apicurio.registry.id-handler=io.apicurio.registry.serde.Legacy4ByteIdHandler",
                 "value.deserializer.apicurio.registry.use-id=contentId"))],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S)
        self.assertEqual(printed.stdout.strip(), '{"n": 2}', printed.stderr[-2000:])

    def test_what_is_in_files_is_registered(self):
        schemas = self.folder / "schemas"
        schemas.mkdir()
        (schemas / "shop.Note.json").write_text(JSON_SCHEMA)
        more = f'schema_folder = "{schemas}"\nschemas = "%s"'
        options = {"encoding": 'framing = "prefix"\nsubject = "topic-record"'}
        self.enqueue_json(1)
        halted = self.relay("--until-caught-up", more=more % "file", **options)
        self.assertEqual(halted.wait(), 7, "nobody registers by default: " + halted.said())
        self.publish(more=more % "register", **options)
        self.enqueue_json(1, first=1)
        self.publish(more=more % "file", **options)
        self.assertEqual([self.read_json(record) for record in self.records(2)], [{"n": 1}, {"n": 2}])
        self.assertIn(f"{self.topic}-shop.Note", json.loads(get(self.registry.url + "/subjects")[1]))

    def test_what_is_missing_is_poison(self):
        self.enqueue_json(3)
        relay = self.relay("--until-caught-up")
        self.assertEqual(relay.wait(), 7, relay.said())
        self.assertIn("no schema of shop.Note under subject", relay.said())
        self.publish("--on-poison", "*=park")
        self.assertIn(f"{self.topic}", self.annals("outbox", "parked", "list", "relay"))
        self.registry.register(f"{self.topic}-value", "JSON", JSON_SCHEMA)
        self.annals("outbox", "parked", "release", "relay", "--topic", self.topic, "--key", "k", "--reason", "registered")
        relay = self.relay("--on-poison", "*=park")
        self.assertEqual([self.read_json(record) for record in self.records(3)], [{"n": n} for n in (1, 2, 3)])
        self.assertEqual(relay.end(), 0, relay.said())

    def test_a_registry_without_guids_frames_no_header(self):
        """This one has none. What a header looks like to others' clients is kafka.readers' matter."""
        self.registry.register(f"{self.topic}-value", "JSON", JSON_SCHEMA)
        self.enqueue_json(1)
        relay = self.relay("--until-caught-up", encoding='framing = "header"')
        self.assertEqual(relay.wait(), 7, relay.said())
        self.assertIn("gives no GUID for subject", relay.said())
        self.publish()

    def test_waits_for_a_registry_that_is_away(self):
        self.outage()

    def test_waits_for_it_when_delivery_is_exactly_once(self):
        self.outage("--delivery", "exactly-once", "--kafka-checkpoint-topic", f"{self.database}-checkpoints")

    def outage(self, *arguments):
        """Nothing is lost, and nothing out of order; ready and the circuit say it."""
        self.registry.register("shop.Note", "JSON", JSON_SCHEMA)
        relay = self.relay(*arguments, encoding='framing = "prefix"\nsubject = "record"', more="fresh_for_ms = 100")
        self.assertTrue(eventually(relay.ready), relay.said())
        self.registry.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.registry.process.send_signal, signal.SIGCONT)
        self.enqueue_json(500)
        self.assertTrue(eventually(lambda: metric(relay.address, "annals_relay_circuit_open") == 1), relay.said())
        self.assertFalse(relay.ready())
        self.assertTrue(eventually(lambda: "does not answer" in relay.said()), relay.said())
        self.enqueue_json(500, first=500)
        self.registry.process.send_signal(signal.SIGCONT)
        self.assertEqual([self.read_json(record)["n"] for record in self.records(1000)], list(range(1, 1001)))
        self.assertTrue(eventually(relay.ready), relay.said())
        self.assertIn("circuit closed", relay.said())
        self.assertEqual(relay.end(), 0, relay.said())



if __name__ == "__main__":
    unittest.main()
