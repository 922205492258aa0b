"""The simulated broker on a real loopback port, for clients that are not ours.

`with TcpBroker(Broker()) as server:` serves on `server.port` in a thread of its own. From outside
the broker is read and set under `with server.lock:`, and made to act by `call`. Time is the
machine's.
"""

import selectors
import socket
import threading
import time


class _Conn:
    """One accepted socket, as the broker sees it."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.out = bytearray()
        self.closing = False

    def send(self, data):
        self.out += data

    def close(self):
        self.closing = True


class TcpBroker:
    """Serves `broker` (a `Broker`) on 127.0.0.1."""

    def __init__(self, broker):
        self.broker = broker
        self.lock = threading.RLock()
        self._select = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._wake_in, self._wake_out = socket.socketpair()
        self._conns = set()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="broker")
        self._changed = threading.Condition(self.lock)

    def __enter__(self):
        self._select.register(self._listener, selectors.EVENT_READ, None)
        self._select.register(self._wake_in, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop = True
        self._wake_out.send(b"x")
        self._thread.join()
        for conn in self._conns:
            conn.sock.close()
        for thing in (self._listener, self._wake_in, self._wake_out, self._select):
            thing.close()

    @staticmethod
    def now_us():
        return time.monotonic_ns() // 1000

    def publish(self, topic, payload, qos=0, retain=False):
        """`Broker.publish` from any thread."""
        self.call(lambda broker: broker.publish(topic, payload, qos, retain, self.now_us()))

    def call(self, function):
        """`function(broker)` from any thread; what it writes goes out at once."""
        with self.lock:
            result = function(self.broker)
        self._wake_out.send(b"x")
        return result

    def wait(self, condition, limit_s=10):
        """Wait until `condition(broker)` is true; whether it became so within the limit."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.broker), limit_s)

    def _run(self):
        timeout = None
        while not self._stop:
            ready = self._select.select(timeout)
            with self.lock:
                for key, _ in ready:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj is self._wake_in:
                        self._wake_in.recv(4096)
                    else:
                        self._read(key.data)
                due = self.broker.poll(self.now_us())
                for conn in list(self._conns):
                    self._write(conn)
                timeout = None if due is None else max(0, (due - self.now_us()) / 1e6)
                self._changed.notify_all()

    def _accept(self):
        sock, _ = self._listener.accept()
        conn = _Conn(self, sock)
        self._conns.add(conn)
        self._select.register(sock, selectors.EVENT_READ, conn)
        self.broker.connected(conn, self.now_us())

    def _read(self, conn):
        try:
            data = conn.sock.recv(65536)
        except ConnectionError:
            data = b""
        if data:
            self.broker.received(conn, data, self.now_us())
        else:
            self._end(conn)
            self.broker.closed(conn, self.now_us())

    def _write(self, conn):
        """Loopback takes what tests send; a peer that reads nothing for 5 s is cut off."""
        if conn.sock.fileno() < 0:
            return
        if conn.out:
            conn.sock.settimeout(5)
            try:
                conn.sock.sendall(conn.out)
            except OSError:
                conn.closing = True
            conn.out.clear()
        if conn.closing:
            self._end(conn)
            self.broker.closed(conn, self.now_us())

    def _end(self, conn):
        if conn in self._conns:
            self._conns.remove(conn)
            self._select.unregister(conn.sock)
            conn.sock.close()
