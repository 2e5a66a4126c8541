import asyncio

import pytest

from freehold.manage import http
from freehold.manage.http import HttpServer, Response, Streamed, read_request
from freehold.spec.errors import Unusable


async def echo(request):
    text = f"{request.method} {'/'.join(request.path)} {sorted(request.query.items())} {request.media_type} "
    return Response(200, text.encode() + request.body, "text/plain")


def serve(folder, handler, script):
    async def main():
        server = HttpServer(folder / "api.sock", handler)
        await server.start()
        try:
            async with asyncio.timeout(20):
                return await script(server)
        finally:
            await server.close()

    return asyncio.run(main())


async def talk(server, octets, *, end=False):
    reader, writer = await asyncio.open_unix_connection(str(server.path))
    writer.write(octets)
    if end:
        writer.write_eof()
    return reader, writer


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head[9:12]), await reader.readexactly(length)


def test_when_requests_follow_on_one_connection_then_each_is_answered_in_order(tmp_path):
    async def script(server):
        one = b"GET /v1/a%20b?x=1&y= HTTP/1.1\r\nhost: x\r\n\r\n"
        two = (
            b"POST /v1/c HTTP/1.1\r\nhost: x\r\ncontent-type: Text/CSV; charset=utf-8\r\ncontent-length: 4\r\n\r\nbody"
        )
        reader, writer = await talk(server, one + two)
        found = [await answer(reader), await answer(reader)]
        writer.close()
        return found

    assert serve(tmp_path, echo, script) == [
        (200, b"GET v1/a b [('x', '1'), ('y', '')] application/json "),
        (200, b"POST v1/c [] text/csv body"),
    ]


def test_when_a_client_waits_for_a_go_ahead_then_it_gets_one(tmp_path):
    async def script(server):
        head = b"POST /x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        reader, writer = await talk(server, head)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"ok")
        found = await answer(reader)
        writer.close()
        return found

    assert serve(tmp_path, echo, script)[1].endswith(b"ok")


def test_when_a_body_is_too_long_then_it_is_refused_before_it_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "BODY", 1000)

    async def script(server):
        head = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
        reader, writer = await talk(server, head + bytes(2000))
        found = await answer(reader)
        writer.close()
        return found

    assert serve(tmp_path, echo, script)[0] == 413


def test_when_a_client_says_nothing_then_its_connection_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "IDLE", 0.01)

    async def script(server):
        reader, writer = await talk(server, b"GET / HTTP/1.1\r\nhost")
        read = await reader.read()
        writer.close()
        return read

    assert serve(tmp_path, echo, script) == b""


def test_when_there_are_too_many_connections_then_the_next_one_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "CONNECTIONS", 2)

    async def script(server):
        open_ = [await talk(server, b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n") for _ in range(2)]
        assert [(await answer(reader))[0] for reader, _ in open_] == [200, 200]
        reader, writer = await talk(server, b"GET /b HTTP/1.1\r\nhost: x\r\n\r\n")
        try:
            refused = await reader.read()
        except ConnectionResetError:
            refused = b""
        for one in (writer, *(writer for _, writer in open_)):
            one.close()
        return refused

    assert serve(tmp_path, echo, script) == b""


def test_when_a_stream_ends_then_it_is_whole_and_closed(tmp_path):
    ended = []

    async def pieces():
        try:
            yield b"one"
            yield b"two"
        finally:
            ended.append(True)

    async def handler(_):
        return Streamed(pieces(), "text/plain")

    async def script(server):
        reader, writer = await talk(server, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        read = await reader.read()
        writer.close()
        return read

    read = serve(tmp_path, handler, script)
    assert read.split(b"\r\n\r\n", 1)[1] == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert ended == [True]


def test_when_the_server_closes_then_streams_end_with_it(tmp_path):
    ended = []

    async def pieces():
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def handler(_):
        return Streamed(pieces(), "text/plain")

    async def script(server):
        reader, writer = await talk(server, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"one")
        await server.close()
        writer.close()
        assert not server.path.exists()

    serve(tmp_path, handler, script)
    assert ended == [True]


def test_when_the_socket_cannot_be_made_then_the_setting_is_named(tmp_path):
    async def script(server):
        with pytest.raises(Unusable, match="another program listens there"):
            await HttpServer(server.path, echo).start()
        with pytest.raises(Unusable, match=r"set another path in management\.socket"):
            await HttpServer(tmp_path / "not" / "there.sock", echo).start()

    serve(tmp_path, echo, script)


def test_when_a_target_is_odd_then_it_is_still_a_request():
    class Head:
        method, target, headers = b"GET", b"//%ff//v1/%2e%2e/a?b=%00&b=2#c", []

    request = read_request(Head, b"")
    assert request.path[-2:] == ("..", "a")
    assert request.query == {"b": "2"}
