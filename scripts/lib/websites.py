"""The website endpoint of S3, which the local cloud does not have: a proxy of HTTP, so that browsers, shipgate and curl ask
for it by its real names. What a bucket has, and who may read it, the local cloud says.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

import argparse
import http.client
import http.server
import re
import urllib.parse

import boto3
from botocore.exceptions import ClientError

HOST = re.compile(r"^(?P<bucket>.+)\.s3-website[.-][a-z0-9-]+\.amazonaws\.com$")


class Websites(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, endpoint):
        super().__init__(("127.0.0.1", port), Handler)
        self.cloud = urllib.parse.urlsplit(endpoint).netloc
        self.s3 = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )

    def website(self, bucket):
        try:
            return self.s3.get_bucket_website(Bucket=bucket)
        except ClientError:
            return None

    def get(self, host, path, method="GET"):
        """What everyone gets of an object."""
        connection = http.client.HTTPConnection(self.cloud, timeout=20)
        try:
            connection.request(method, path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    KEPT = ("content-type", "cache-control", "content-encoding", "etag", "last-modified")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if self.path == "/health":
            self.reply(200, [], b"ok")
            return
        host = HOST.match(url.hostname or "")
        website = host and self.server.website(host["bucket"])
        if not website:
            self.reply(502, [], f"{url.hostname} is no website of the local cloud".encode())
            return
        self.serve(url.hostname, url.path or "/", website)

    do_HEAD = do_GET

    def serve(self, host, path, website):
        index = website.get("IndexDocument", {}).get("Suffix", "index.html")
        status, headers, body = self.server.get(host, path + index if path.endswith("/") else path)
        if status >= 400 and not path.endswith("/") and self.server.get(host, f"{path}/{index}")[0] == 200:
            self.reply(302, [("Location", path + "/")], b"")
            return
        error = website.get("ErrorDocument", {}).get("Key")
        if status >= 400 and error:
            _, headers, body = self.server.get(host, "/" + error)
        self.reply(status, headers, body)

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            if name.lower() in (*self.KEPT, "location"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    arguments = parser.parse_args()
    Websites(arguments.port, arguments.endpoint).serve_forever()


if __name__ == "__main__":
    main()
