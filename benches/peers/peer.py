"""The bench's numbers behind Python's prometheus_client: peer.py TWEETS SERIES. Says its port."""

import gzip
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest

TWEETS, SERIES = int(sys.argv[1]), int(sys.argv[2])


class Tweets:
    def collect(self):
        family = GaugeMetricFamily("tweet_engagement", "Lifetime total", labels=["account", "tweet_id", "metric"])
        for tweet in range(TWEETS):
            for metric in range(SERIES):
                name = "metric_%02d" % metric
                family.add_metric(["acme", str(1700000000000000000 + tweet * 503316480000), name], tweet * 7 % 100000 // (metric + 1))
        yield family


REGISTRY = CollectorRegistry()
REGISTRY.register(Tweets())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = gzip.compress(generate_latest(REGISTRY), 6)
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
