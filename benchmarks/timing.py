"""Times contestants against each other: interleaved in one process, medians over rounds.

In each round every contestant runs one sample, in an order that turns by one a round,
so that a slow moment of the machine hits all of them. A ratio is the median over the
rounds of (the peer's time / ours in the same round), never of figures from different
moments. A sample repeats the call until it lasts long enough for the clock; freeing a
result is inside the loop, and equal for all. The collector is on or off for everyone
alike, and an object that a sample leaves to the collector is collected before the next.
"""

import gc
import statistics
from collections.abc import Callable
from itertools import repeat
from time import perf_counter
from typing import Any

Call = Callable[[Any], Any]


def sample(call: Call, argument: Any, loops: int) -> float:
    """Seconds for one call, over `loops` calls."""
    times = repeat(None, loops)
    start = perf_counter()
    for _ in times:
        call(argument)
    return (perf_counter() - start) / loops


def loops_for(call: Call, argument: Any, least: float) -> int:
    loops = 1
    while (spent := sample(call, argument, loops) * loops) < least:
        loops = max(loops + 1, min(loops * 10, int(loops * least / max(spent, 1e-7) * 1.1)))
    return loops


def compete(
    calls: dict[str, Call],
    arguments: dict[str, Callable[[], Any]],
    *,
    rounds: int,
    least: float,
    fresh: bool = False,
    collector: bool = True,
) -> dict[str, list[float]]:
    """Seconds per call of each contestant in each round.

    `arguments` gives each contestant's argument; a `fresh` one is made anew for every
    sample, outside the clock, and called once.
    """
    was_on = gc.isenabled()
    (gc.enable if collector else gc.disable)()
    try:
        held = {} if fresh else {name: arguments[name]() for name in calls}
        loops = dict.fromkeys(calls, 1) if fresh else {
            name: loops_for(call, held[name], least) for name, call in calls.items()
        }
        names = list(calls)
        times: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(rounds):
            start = turn % len(names)
            for name in names[start:] + names[:start]:
                argument = arguments[name]() if fresh else held[name]
                gc.collect()
                times[name].append(sample(calls[name], argument, loops[name]))
        return times
    finally:
        (gc.enable if was_on else gc.disable)()


def ratio(peer: list[float], ours: list[float]) -> float:
    return statistics.median(p / o for p, o in zip(peer, ours, strict=True))
