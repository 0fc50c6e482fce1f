"""A collector that takes OTLP over HTTP, in a process of its own: ``python collector.py``.

It prints the port it listens on, and then a line of JSON for every span it is sent.
"""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


def tell(line: str) -> None:
    """Write a line for whoever started the collector."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Collector(BaseHTTPRequestHandler):
    """Answers as the specification of OTLP/HTTP wants."""

    def do_POST(self) -> None:
        """Take spans."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for resource in request.resource_spans:
            service = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    tell(
                        json.dumps(
                            {
                                "path": self.path,
                                "service": service["service.name"],
                                "name": span.name,
                                "trace": span.trace_id.hex(),
                                "span": span.span_id.hex(),
                                "parent": span.parent_span_id.hex(),
                                "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
                                "error": span.status.message,
                            }
                        )
                    )
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Standard error is for errors."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Collector)
    tell(str(server.server_port))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
