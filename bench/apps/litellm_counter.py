"""LiteLLM's counter of spend in Redis, as its budget limiter increments it: one of many processes. Waits for a line on stdin."""

import asyncio
import json
import random
import sys
import time

from litellm.caching.redis_cache import RedisCache

options = json.loads(sys.argv[1])
KEPT = 2_000


async def main() -> None:
    cache = RedisCache(host="127.0.0.1", port=options["port"])
    times: list[float] = []
    every = 0
    admitted = 0
    await cache.async_increment("b0", 0.00003)
    print("ready", flush=True)
    sys.stdin.readline()
    since = time.perf_counter() + options["warmUpMs"] / 1_000
    until = since + options["ms"] / 1_000

    async def work() -> None:
        nonlocal every, admitted
        while time.perf_counter() < until:
            start = time.perf_counter()
            await cache.async_increment(f"b{random.randrange(options['budgets'])}", 0.00003)
            us = (time.perf_counter() - start) * 1e6
            every += 1
            if start < since:
                continue
            admitted += 1
            if len(times) < KEPT:
                times.append(us)
            elif random.random() < KEPT / admitted:
                times[random.randrange(KEPT)] = us

    await asyncio.gather(*(work() for _ in range(options["workers"])))
    print(json.dumps({"all": every, "admitted": admitted, "refused": 0, "timesUs": times}), flush=True)


asyncio.run(main())
