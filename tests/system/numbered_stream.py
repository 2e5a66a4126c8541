"""Numbered datagrams, each sent when the one before was answered: usage: numbered_stream.py ask|answer SERVER.

Each line of the input asks for so many more; the answer is a line of JSON with the numbers that were lost.
"""

from __future__ import annotations

import json
import socket
import struct
import sys

PORT, SECONDS = 9999, 5


def answer(server: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((server, PORT))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            octets, end = port.recvfrom(100)
            port.sendto(octets, end)


def ask(server: str) -> None:
    number = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.connect((server, PORT))
        port.settimeout(SECONDS)
        for line in sys.stdin:
            lost = []
            for _ in range(int(line)):
                number += 1
                port.send(struct.pack("!I", number))
                try:
                    found = port.recv(100)
                except (TimeoutError, ConnectionError):
                    found = b""
                if found != struct.pack("!I", number):
                    lost.append(number)
            sys.stdout.write(json.dumps(lost) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    {"ask": ask, "answer": answer}[sys.argv[1]](sys.argv[2])
