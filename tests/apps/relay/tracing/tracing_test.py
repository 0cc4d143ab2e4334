#!/usr/bin/env python3
"""A real relay exports spans to a real HTTP server, and OpenTelemetry's own Protobuf classes read them.

usage: tracing_test.py ROOT ANNALS ANNALS_RELAY      on the stack's PostgreSQL and Kafka; the collector is here
"""
import http.server
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
import python_clients  # noqa: E402
from running import Relay, eventually, free_port, metric, psql, uri  # noqa: E402

python_clients.enter()

from confluent_kafka import Consumer, TopicPartition  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status  # noqa: E402

ROOT, ANNALS, RELAY = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
NAME = f"tracing_{os.getpid()}"
TRACE = "4bf92f3577b34da6a3ce929d0e0e%04x"
PARENT = "00f067aa0ba902b7"


class Collector:
    """Takes what is posted to it and answers with `status`."""

    def __init__(self, port=0):
        self.status, self.requests = 200, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, self.headers["Content-Type"], body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def parsed(self):
        return [ExportTraceServiceRequest.FromString(body) for _, _, body in list(self.requests)]

    def spans(self):
        return [span for request in self.parsed() for resource in request.resource_spans for scope in resource.scope_spans
                for span in scope.spans]


def words(attributes):
    return {attribute.key: attribute.value.string_value for attribute in attributes}


class Tracing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.database = f"{NAME}_{self._testMethodName}"[:63]
        psql(os.environ["ANNALS_DATABASE"], f"CREATE DATABASE {self.database}")
        self.addCleanup(psql, os.environ["ANNALS_DATABASE"], f"DROP DATABASE {self.database} WITH (FORCE)")
        subprocess.run([ANNALS, "schema", "apply"], env=os.environ | {"ANNALS_DATABASE": uri(self.database)}, check=True, capture_output=True)
        self.topic = f"{self.database}-orders"
        subprocess.run([ROOT / "script/stack", "topic", self.topic, "1"], check=True, capture_output=True)
        self.collector = Collector()
        self.addCleanup(self.collector.end)

    def enqueue(self, *traceparents, state="NULL"):
        for traceparent in traceparents:
            psql(uri(self.database), "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload, traceparent, tracestate) "
                 f"VALUES (gen_random_uuid(), 1, '{self.topic}', 'k', 't', '{{}}', {traceparent}, {state})")

    def enqueue_many(self, count):
        psql(uri(self.database), "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload, traceparent) "
             f"SELECT gen_random_uuid(), 1, '{self.topic}', 'k', 't', '{{}}', format('00-%s-{PARENT}-01', lpad(to_hex(n), 32, 'a')) "
             f"FROM generate_series(1, {count}) AS n")

    def relay(self, *arguments, endpoint=None, more=""):
        config = f'[tracing]\nendpoint = "{endpoint or self.collector.url}"\nservice_name = "shop-relay"\ninterval_ms = 50\n{more}\n'
        return Relay(self, RELAY, self.folder, self.database, config, *arguments)

    def headers(self, count):
        consumer = Consumer({"bootstrap.servers": os.environ["ANNALS_KAFKA"], "group.id": self.topic})
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition(self.topic, 0, 0)])
        records = consumer.consume(count, 30.0)
        self.assertEqual(len(records), count)
        return [dict(record.headers()) for record in records]

    def check_export(self, *arguments):
        sampled = f"00-{TRACE % 1}-{PARENT}-01"
        self.enqueue(f"'{sampled}'", state="'a=b'")
        self.enqueue(f"'00-{TRACE % 2}-{PARENT}-00'", "NULL", "'no traceparent'")
        relay = self.relay("--until-caught-up", *arguments)
        self.assertEqual(relay.wait(), 0, relay.said())
        headers = self.headers(4)
        self.assertEqual(headers[0]["traceparent"], sampled.encode(), "what the message brought is carried through")
        self.assertNotIn("traceparent", headers[2])
        (span,) = self.collector.spans()
        self.assertEqual((span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state), (TRACE % 1, PARENT, "a=b"))
        self.assertEqual((span.name, span.kind, len(span.span_id)), (f"send {self.topic}", Span.SPAN_KIND_CLIENT, 8))
        (link,) = span.links
        self.assertEqual((link.trace_id, link.span_id, link.trace_state), (span.trace_id, span.parent_span_id, "a=b"))
        self.assertEqual(words(span.attributes), {
            "messaging.system": "kafka", "messaging.operation.name": "send", "messaging.operation.type": "send",
            "messaging.destination.name": self.topic, "messaging.message.id": headers[0]["ce_id"].decode()})
        self.assertEqual(span.status.code, Status.STATUS_CODE_UNSET)
        self.assertTrue(0 < span.end_time_unix_nano - span.start_time_unix_nano < 60e9)
        self.assertEqual(self.collector.requests[0][:2], ("/v1/traces", "application/x-protobuf"))
        (request,) = self.collector.parsed()
        self.assertEqual(words(request.resource_spans[0].resource.attributes), {"service.name": "shop-relay"})
        self.assertEqual(request.resource_spans[0].scope_spans[0].scope.name, "annals-relay")
        known = ExportTraceServiceRequest.FromString(request.SerializeToString())
        known.DiscardUnknownFields()
        self.assertEqual(known.ByteSize(), request.ByteSize(), "there is no field that OpenTelemetry does not know")

    def test_exports_a_span_of_each_sampled_message(self):
        self.check_export()

    def test_exports_them_when_delivery_is_exactly_once(self):
        self.check_export("--delivery", "exactly-once", "--kafka-checkpoint-topic", f"{self.database}-checkpoints")

    def test_takes_a_share_by_the_id_of_the_trace(self):
        self.enqueue(*(f"'00-{'0' * 18}{low:014x}-{PARENT}-01'".replace("00-0", "00-1", 1) for low in (1, 1 << 54, 1 << 55, (1 << 56) - 1)))
        relay = self.relay("--until-caught-up", more="sample_percent = 26")
        self.assertEqual(relay.wait(), 0, relay.said())
        self.assertEqual(sorted(int.from_bytes(span.trace_id[-7:]) for span in self.collector.spans()), [1, 1 << 54])

    def test_a_message_that_was_refused_has_an_error(self):
        subprocess.run([ROOT / "script/stack", "topic", f"{self.topic}-small", "1", "max.message.bytes=1000"], check=True, capture_output=True)
        psql(uri(self.database), "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload, traceparent) VALUES "
             f"(gen_random_uuid(), 1, '{self.topic}-small', 'k', 't', decode(repeat('ff', 5000), 'hex'), '00-{TRACE % 1}-{PARENT}-01')")
        relay = self.relay()
        self.assertEqual(relay.wait(), 7, relay.said())
        (span,) = self.collector.spans()
        self.assertEqual((words(span.attributes)["error.type"], span.status.code), ("refused", Status.STATUS_CODE_ERROR))

    def test_a_collector_that_is_away_or_slow_costs_no_message(self):
        for endpoint, what in ((f"http://127.0.0.1:{free_port()}", "nobody is there"), (self.collector.url, "it is busy")):
            self.collector.status = 503
            relay = self.relay("--name", what.replace(" ", "-"), "--start", "beginning", endpoint=endpoint, more="queue_spans_max = 100")
            self.assertTrue(eventually(relay.ready), relay.said())
            self.enqueue_many(2000)
            delivered = lambda: metric(relay.address, "annals_relay_messages_delivered_total")  # noqa: E731,B023
            self.assertTrue(eventually(lambda: delivered() >= 2000), (what, relay.said()))
            dropped = lambda: metric(relay.address, "annals_relay_spans_dropped_total")  # noqa: E731,B023
            self.assertTrue(eventually(lambda: dropped() > 0), what)
            self.assertEqual(metric(relay.address, "annals_relay_spans_exported_total"), 0, what)
            self.assertEqual(relay.end(), 0, relay.said())

    def test_exports_what_waited_when_the_collector_is_back(self):
        self.collector.status = 503
        relay = self.relay()
        self.enqueue_many(10)
        self.assertTrue(eventually(lambda: self.collector.requests), relay.said())
        self.collector.status = 200
        self.assertTrue(eventually(lambda: metric(relay.address, "annals_relay_spans_exported_total") == 10), relay.said())
        self.assertEqual(metric(relay.address, "annals_relay_spans_dropped_total"), 0)
        relay.process.send_signal(signal.SIGTERM)
        self.assertEqual(relay.wait(), 0, relay.said())

    def test_a_batch_that_is_refused_is_dropped_and_counted(self):
        self.collector.status = 400
        relay = self.relay()
        self.enqueue_many(10)
        self.assertTrue(eventually(lambda: metric(relay.address, "annals_relay_spans_dropped_total") == 10), relay.said())
        self.assertEqual(relay.end(), 0, relay.said())


if __name__ == "__main__":
    unittest.main()
