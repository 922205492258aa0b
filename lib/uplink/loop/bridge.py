"""The loop as one task of asyncio."""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# asyncio does not know our UARTs, so they are looked at this often while a task
# waits for data;
_LOOK_MS = const(10)
# and this often otherwise, since other tasks of asyncio may have set an Event meanwhile.
_GLANCE_MS = const(50)


async def serve(loop):
    """Run `loop` inside asyncio until `loop.stop()`, or until it has no task left.

    Between passes it sleeps in asyncio: at most 10 ms where a task waits for data, 50 ms where
    none does, less where a task is due. Cancelling it stops the loop between two passes: its
    tasks stay as they are and go on when it is served or run again.
    """
    import asyncio  # here, because it costs 3 KiB of heap

    loop.start()
    while loop.tasks and not loop.stopped:
        ms = loop.step()
        if loop.stopped or not loop.tasks:
            return
        ms = min(ms, _GLANCE_MS if loop.bytes.value is None else _LOOK_MS)
        if hasattr(asyncio, "sleep_ms"):
            await asyncio.sleep_ms(ms)
        else:
            await asyncio.sleep(ms / 1000)
