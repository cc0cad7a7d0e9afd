"""A client of the demo, run inside the namespace it speaks from. Prints JSON, one value a line.

usage: client.py get HOST PORT COUNT     requests, each on a connection of its own
       client.py peer HOST PORT         one request: what it saw, and both ends as the socket shows them
       client.py steady HOST PORT        the same without end, until standard input closes: the first
                                         answer when it is there, all of them in the end
       client.py download HOST PORT      one long download: bytes so far, then size and digest
       client.py probe HOST PORT         per line of input: UDP packets, each from a new socket, until
                                         somebody else answers; who, and when that packet was sent
"""
import hashlib
import http.client
import itertools
import json
import select
import socket
import sys
import time

TIMEOUT = 2.0


def tell(value):
    print(json.dumps(value), flush=True)


def request(host, port):
    """One request on a new connection: when it began (ns, monotonic), who answered, whom they saw;
    or the error."""
    began = time.monotonic_ns()
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/")
        pod, _, saw = connection.getresponse().read().decode().split()
        return {"at": began, "pod": pod, "saw": saw}
    except ConnectionRefusedError:
        return {"at": began, "error": "refused"}
    except TimeoutError:
        return {"at": began, "error": "timeout"}
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {"at": began, "error": str(error) or type(error).__name__}
    finally:
        connection.close()


def get(host, port, count):
    tell([request(host, port) for _ in range(int(count))])


def peer(host, port):
    """The connection stays open until its ends are known."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.connect()
        ends = {"own": connection.sock.getsockname()[:2], "peer": connection.sock.getpeername()[:2]}
        connection.request("GET", "/")
        pod, _, saw = connection.getresponse().read().decode().split()
        tell({"pod": pod, "saw": saw, **ends})
    except (OSError, http.client.HTTPException, ValueError) as error:
        tell({"error": str(error) or type(error).__name__})
    finally:
        connection.close()


def steady(host, port):
    answers = [request(host, port)]
    tell(answers[0])
    while not select.select([sys.stdin], [], [], 0.001)[0]:
        answers.append(request(host, port))
    tell(answers)


def download(host, port):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("GET", "/download")
    response = connection.getresponse()
    size, digest = 0, hashlib.sha256()
    while chunk := response.read(256 * 1024):
        size += len(chunk)
        digest.update(chunk)
        tell({"bytes": size})
    tell({"bytes": size, "sha256": digest.hexdigest()})


def ask(host, port, source_port):
    """One datagram and its answer. From a port not used of late, it is a new connection to the
    kernel."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", source_port))
        sender.settimeout(TIMEOUT)
        sent = time.monotonic_ns()
        sender.sendto(b"?", (host, port))
        return sent, sender.recv(64).decode()


def probe(host, port):
    source_ports = itertools.cycle(range(20000, 60000))
    _, known = ask(host, port, next(source_ports))
    tell({"pod": known})
    while sys.stdin.readline():
        tell({"ready": True})
        answer, packets = known, 0
        while answer == known:
            sent, answer = ask(host, port, next(source_ports))
            packets += 1
        known = answer
        tell({"pod": answer, "sent": sent, "packets": packets})


def main():
    verbs = {"get": get, "peer": peer, "steady": steady, "download": download, "probe": probe}
    verb, host, port, *rest = sys.argv[1:]
    verbs[verb](host, int(port), *rest)


if __name__ == "__main__":
    main()
