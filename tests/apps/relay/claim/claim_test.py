#!/usr/bin/env python3
"""A message that is too large is published as a claim by a real relay, and read by clients that are not ours: confluent-kafka finds the
reference, and psql, with the rights of a claim reader, the payload.

usage: claim_test.py ROOT ANNALS ANNALS_RELAY
"""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
import python_clients  # noqa: E402
from running import Relay, eventually, metric, psql, uri  # noqa: E402

python_clients.enter()

from confluent_kafka import Consumer, TopicPartition  # noqa: E402
from google.protobuf.empty_pb2 import Empty  # noqa: E402
from google.protobuf.message import DecodeError  # noqa: E402

ROOT, ANNALS, RELAY = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
NAME = f"claim_{os.getpid()}"
PAYLOAD = b"0123456789abcdef" * 1000


class ClaimCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        psql(os.environ["ANNALS_DATABASE"], f"CREATE DATABASE {NAME}")
        self.addCleanup(psql, os.environ["ANNALS_DATABASE"], f"DROP DATABASE {NAME} WITH (FORCE)")
        for arguments in (("schema", "apply"), ("schema", "roles", "apply", "--claim-reader", "annals_consumer")):
            subprocess.run([ANNALS, *arguments], env=os.environ | {"ANNALS_DATABASE": uri(NAME)}, check=True, capture_output=True)
        subprocess.run([ROOT / "script/stack", "topic", NAME, "1", "max.message.bytes=8000"], check=True, capture_output=True)
        self.reader = re.sub(r"user=\w+", "user=annals_consumer", uri(NAME))

    def records(self, count):
        consumer = Consumer({"bootstrap.servers": os.environ["ANNALS_KAFKA"], "group.id": NAME})
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition(NAME, 0, 0)])
        found = consumer.consume(count, 30.0)
        self.assertEqual(len(found), count)
        return found

    def test_clients_of_others_find_the_payload(self):
        psql(uri(NAME), "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) VALUES "
             f"(gen_random_uuid(), 2, '{NAME}', 'k', 't', ''), (gen_random_uuid(), 2, '{NAME}', 'k', 't', '{PAYLOAD.decode()}')")
        relay = Relay(self, RELAY, self.folder, NAME, '[relay]\nclaim_check = ["*=6000"]\n')
        self.assertTrue(eventually(lambda: metric(relay.address, "annals_relay_claims_total") == 1), relay.said())
        self.assertEqual(metric(relay.address, "annals_relay_claimed_bytes_total"), len(PAYLOAD))
        self.assertTrue(eventually(lambda: (metric(relay.address, "annals_relay_claim_table_bytes") or 0) > 0), relay.said())
        small, large = self.records(2)
        self.assertNotIn("annals-claim", dict(small.headers()))
        reference = dict(large.headers())["annals-claim"].decode()
        self.assertIn(f"bytes={len(PAYLOAD)}&sha256={hashlib.sha256(PAYLOAD).hexdigest()}", reference)
        self.assertTrue(reference.startswith(f"annals-claim:{NAME}/annals/"))
        found = psql(self.reader, f"SELECT encode(annals.claim_payload('{reference}'), 'hex')")
        self.assertEqual(bytes.fromhex(found), PAYLOAD)
        self.assertEqual(Empty.FromString(small.value()), Empty(), "no content is a message")
        with self.assertRaises(DecodeError, msg="a claim is none"):
            Empty.FromString(large.value())
        self.assertEqual(relay.end(), 0, relay.said())


if __name__ == "__main__":
    unittest.main()
