"""Medians and spreads, as tables for people and as JSON for programs."""

import statistics

RATES = ("messages_per_s", "entries_per_s", "calls_per_s")
COLUMNS = ("side", "rate/s", "(min–max)", "MB/s", "p50 µs", "p99 µs", "p99.9 µs",
           "CPU s/million", "peak MiB", "errors")  # fmt: skip


def rate(result):
    for name in RATES:
        if name in result:
            return result[name]
    raise KeyError(f"none of {', '.join(RATES)} in {result}")


def metric(name, result):
    return rate(result) if name == "rate" else result[name]


def _cpu_per_million(result):
    completed = result.get("completed") or 0
    seconds = result["server_cpu_seconds"] + result["client_cpu_seconds"]
    return seconds / completed * 1e6 if completed else 0.0


def summarise(results):
    """The runs of one side and one row, as medians and the spread of the rate."""
    rates = [rate(each) for each in results]

    def median(value):
        return statistics.median(value(each) for each in results)

    return {
        "rate": statistics.median(rates),
        "rate_min": min(rates),
        "rate_max": max(rates),
        "mb_per_s": median(lambda each: rate(each) * each["payload_bytes"] / 1e6),
        "p50_us": median(lambda each: each["p50_us"]),
        "p99_us": median(lambda each: each["p99_us"]),
        "p999_us": median(lambda each: each["p999_us"]),
        "cpu_seconds_per_million": median(_cpu_per_million),
        "server_peak_bytes": max(each["server_peak_bytes"] for each in results),
        "errors": sum(each.get("errors", 0) for each in results),
        "runs": results,
    }


def _cells(side, summary):
    return (
        side,
        f"{summary['rate']:,.0f}",
        f"{summary['rate_min']:,.0f}–{summary['rate_max']:,.0f}",
        f"{summary['mb_per_s']:,.1f}",
        f"{summary['p50_us']:,.0f}",
        f"{summary['p99_us']:,.0f}",
        f"{summary['p999_us']:,.0f}",
        f"{summary['cpu_seconds_per_million']:,.2f}",
        f"{summary['server_peak_bytes'] / (1 << 20):,.0f}",
        f"{summary['errors']:,}",
    )


def ratio_of(row, ours, peer):
    """The row's metric, ours divided by the peer's: the median of the rounds' ratios."""
    ratios = [
        metric(row.metric, left) / metric(row.metric, right)
        for left, right in zip(ours["runs"], peer["runs"], strict=True)
        if metric(row.metric, right)
    ]
    return statistics.median(ratios) if ratios else float("nan"), ratios


def table(row, names, ours, peer):
    """The row as Markdown: both sides, the ratio, and whether the goal is reached."""
    ratio, ratios = ratio_of(row, ours, peer)
    lines = [f"**{row.name}**" + (f" ({row.note})" if row.note else ""), ""]
    lines.append("| " + " | ".join(COLUMNS) + " |")
    lines.append("|" + "---|" * len(COLUMNS))
    for side, summary in zip(names, (ours, peer), strict=True):
        lines.append("| " + " | ".join(_cells(side, summary)) + " |")
    what = "rate" if row.metric == "rate" else "p50"
    sign = "≥" if row.more_is_better else "≤"
    verdict = "reached" if row.reached(ratio) else "NOT reached"
    spread = f"{min(ratios):.2f}–{max(ratios):.2f}" if ratios else "no run"
    lines += ["", f"{what}: {ratio:.2f}× ({spread}); goal {sign} {row.goal}×: {verdict}", ""]
    if row.floor_us:
        p50, p99 = row.floor_us
        kept = "kept" if ours["p50_us"] < p50 and ours["p99_us"] < p99 else "NOT kept"
        lines += [f"promised: p50 < {p50:,} µs and p99 < {p99:,} µs: {kept}", ""]
    return "\n".join(lines)
