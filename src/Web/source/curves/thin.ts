/**
 * The places of a series to draw when there are more than `points`: of each of `points / 4` spans of equal numbers of rows the
 * first, the least, the greatest and the last, so that no peak is lost. What is not finite is kept where a run of it begins. The
 * API thins likewise.
 */
export function thin(values: ArrayLike<number>, points: number): number[] {
    const count = values.length;
    if (count <= points) return Array.from({ length: count }, (_, at) => at);
    const spans = Math.max(1, Math.floor(points / 4));
    const kept: number[] = [];
    for (let span = 0; span < spans; span++) {
        const from = Math.floor((count * span) / spans);
        const to = Math.floor((count * (span + 1)) / spans);
        if (from < to) keepOfSpan(values, from, to, kept);
    }
    return kept;
}

function keepOfSpan(values: ArrayLike<number>, from: number, to: number, kept: number[]): void {
    const places = new Set<number>([from, to - 1]);
    let least = -1;
    let greatest = -1;
    for (let at = from; at < to; at++) {
        const value = values[at]!;
        if (!Number.isFinite(value)) {
            if (at === from || Number.isFinite(values[at - 1]!)) places.add(at);
            continue;
        }
        if (least < 0 || value < values[least]!) least = at;
        if (greatest < 0 || value > values[greatest]!) greatest = at;
    }
    if (least >= 0) places.add(least).add(greatest);
    kept.push(...[...places].sort((a, b) => a - b));
}
