"""``make bench``: every question's table, with the project's own targets beside what was measured.

    python -m benchmarks                        all of it, a few minutes
    python -m benchmarks --quick                fewer rounds: a first impression
    python -m benchmarks --dumps --filter dict  some of it
    python -m benchmarks --module pickle        another module in our place (1.0 everywhere)
    python -m benchmarks --json FILE            the figures for a machine
"""

import argparse
import importlib
import json
import platform
import statistics
import sys
import sysconfig

from benchmarks import questions, timing
from benchmarks.inputs import FOLDER
from benchmarks.questions import QUESTIONS, Question, geomean
from perdure._engine.writer.pickler import PROFILED

COLOUR = sys.stdout.isatty()


def paint(text: str, colour: str) -> str:
    return f"\033[{colour}m{text}\033[0m" if COLOUR else text


def build() -> str:
    """What the compiler was told of the interpreter, C pickle within it, and of our engine."""
    said = " ".join(str(sysconfig.get_config_var(name)) for name in ("CONFIG_ARGS", "CFLAGS_NODIST", "PY_CORE_CFLAGS"))
    kinds = [name for name, flags in (("LTO", ("--with-lto", "-flto")), ("PGO", ("--enable-optimizations", "-fprofile-use")),
                                      ("debug", ("--with-pydebug",))) if any(flag in said for flag in flags)]
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        kinds.append("free-threaded")
    ours = "PGO" if PROFILED else "no PGO"
    return (f"{platform.python_implementation()} {platform.python_version()} ({' + '.join(kinds) or 'neither LTO nor PGO'}), "
            f"perdure's engine: {ours}")


def duration(seconds: float) -> str:
    for scale, unit in ((1, "s "), (1e3, "ms"), (1e6, "µs"), (1e9, "ns")):
        if seconds * scale >= 1:
            return f"{seconds * scale:7.2f} {unit}"
    return f"{seconds * 1e9:7.2f} ns"


def answer(question: Question, module, options) -> dict | None:
    """Measure one question, print its table, return its figures."""
    rows: dict[str, dict[str, float]] = {}
    for contest in question.contests(module):
        if options.filter and options.filter not in contest.name:
            continue
        times = timing.compete(contest.calls, contest.arguments, rounds=options.rounds, least=options.least,
                               fresh=contest.fresh, collector=options.gc == "on")
        if not rows:
            peers = [name for name in contest.calls if name != "perdure"]
            print(paint(f"\n{question.title}", "1"))
            print(f"  {'':36}{'perdure':>10} " + "".join(f"{peer:>10}" for peer in peers))
        ratios = {peer: timing.ratio(times[peer], times["perdure"]) for peer in times if peer != "perdure"}
        ours = statistics.median(times["perdure"])
        rows[contest.name] = {"seconds": ours, **ratios}
        print(f"  {contest.name:36}{duration(ours)} " + "".join(f"{ratios[p]:9.2f}x" for p in ratios), flush=True)
    if not rows:
        return None
    columns = {peer: [row[peer] for row in rows.values() if peer in row] for peer in peers}
    for what, of in (("geomean", geomean), ("minimum", min)):
        print(f"  {what:46} " + "".join(f"{of(column):9.2f}x" for column in columns.values()))
    verdicts = []
    for what, peer, least in question.targets:
        if what in rows:
            figure = rows[what].get(peer)
        elif what in ("geomean", "minimum") and peer in columns:
            figure = (geomean if what == "geomean" else min)(columns[peer])
        else:
            continue
        enough = figure >= least
        verdicts.append({"what": what, "peer": peer, "target": least, "measured": round(figure, 3), "ok": enough})
        mark = paint("ok", "32") if enough else paint("short", "31")
        print(f"    {what + ' beside ' + peer:42} target {least:5.2f}x   measured {figure:5.2f}x   {mark}")
    return {"rows": rows, "targets": verdicts}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--module", default="perdure.pickle", help="the module under test (default: perdure.pickle)")
    parser.add_argument("--dumps", action="store_true", help="only the questions about dumps")
    parser.add_argument("--loads", action="store_true", help="only the questions about loads")
    parser.add_argument("--only", metavar="KEY", action="append", help="one question: " + ", ".join(q.key for q in QUESTIONS))
    parser.add_argument("--filter", metavar="WORD", help="only inputs whose name contains WORD")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    parser.add_argument("--rounds", type=int, help="samples of each contestant (15; 5 with --quick)")
    parser.add_argument("--gc", choices=("on", "off"), default="on", help="the collector, for everyone alike")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    options.rounds = options.rounds or (5 if options.quick else 15)
    options.least = 0.002 if options.quick else 0.01
    module = importlib.import_module(options.module)

    print(f"{build()}, {platform.machine()}; {options.module} beside the C pickle, protocol {questions.PROTOCOL}; "
          f"collector {options.gc}; medians of {options.rounds} interleaved rounds")
    print("figures: the peer's time over ours, so higher is better; freeing the result is timed, for all alike")
    if not any(FOLDER.glob("*.json.xz")):
        print(f"note: no documents in {FOLDER}: their rows are missing")
    wanted = [q for q in QUESTIONS if (not options.only or q.key in options.only)
              and (options.dumps == options.loads or q.key.startswith("dumps" if options.dumps else "loads"))]
    results = {}
    for question in wanted:
        missing = [name for name in question.needs if not hasattr(module, name)]
        if missing:
            print(f"\n{question.title}: {options.module} has no {', '.join(missing)}")
        elif figures := answer(question, module, options):
            results[question.key] = figures
    short = [(key, t) for key, figures in results.items() for t in figures["targets"] if not t["ok"]]
    count = sum(len(figures["targets"]) for figures in results.values())
    print(f"\n{count - len(short)} of {count} targets reached")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"python": build(), "machine": platform.machine(), "module": options.module,
                       "rounds": options.rounds, "gc": options.gc, "questions": results}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
