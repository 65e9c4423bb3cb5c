/** A span of time in a lane's group, e.g. an attempt on a worker. */
export interface Span {
    group: string;
    from: number;
    to: number;
}

/** Lanes for spans: those of a group that do not overlap share one. Groups keep the order in which they first appear, sorted by name. */
export function lanes<T extends Span>(spans: readonly T[]): { lanes: { group: string; spans: T[] }[] } {
    const groups = new Map<string, T[][]>();
    for (const span of [...spans].sort((a, b) => a.from - b.from || a.to - b.to)) {
        let own = groups.get(span.group);
        if (!own) groups.set(span.group, (own = []));
        const free = own.find(lane => lane[lane.length - 1]!.to <= span.from);
        if (free) free.push(span);
        else own.push([span]);
    }
    const names = [...groups.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return { lanes: names.flatMap(group => groups.get(group)!.map(lane => ({ group, spans: lane }))) };
}

/** Times at which an axis of a span of milliseconds has marks: round ones, at most `most`. */
export function timeTicks(from: number, to: number, most: number): number[] {
    const steps = [
        100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5, 1728e5, 6048e5,
    ];
    const step = steps.find(one => (to - from) / one <= most) ?? 6048e5 * Math.ceil((to - from) / 6048e5 / most);
    const ticks: number[] = [];
    for (let at = 0; from + at <= to; at += step) ticks.push(from + at);
    return ticks;
}
