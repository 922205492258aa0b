"""The loop as one task of asyncio, for applications that are built on it already."""

# asyncio does not know our UARTs, so they are looked at this often while a task waits for data;
_LOOK_MS = 10
# and this often otherwise, since other tasks of asyncio may have set an Event meanwhile.
_GLANCE_MS = 50


async def serve(loop):
    """Run `loop` inside asyncio until `loop.stop()`, or until it has no task left.

    Between passes it sleeps in asyncio: at most 10 ms where a task waits for data, 50 ms where
    none does, less where a task is due. Cancelling it stops the loop between two passes: its
    tasks stay as they are and go on when it is served or run again.
    """
    import asyncio  # here, because it costs 3 KiB of heap

    loop.start()
    while not loop.stopped:
        ms = loop.step()
        if loop.stopped:
            return
        ms = min(ms, _LOOK_MS if loop.wants_data else _GLANCE_MS)
        if hasattr(asyncio, "sleep_ms"):
            await asyncio.sleep_ms(ms)
        else:
            await asyncio.sleep(ms / 1000)
