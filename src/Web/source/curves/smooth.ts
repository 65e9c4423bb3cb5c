/**
 * Exponential moving average with the bias of its begin taken out, as TensorBoard draws it: `weight` 0 is the series itself, near
 * 1 is very smooth. What is not finite stays and does not count.
 */
export function smooth(values: ArrayLike<number>, weight: number): number[] {
    const result: number[] = new Array(values.length);
    let last = 0;
    let counted = 0;
    for (let at = 0; at < values.length; at++) {
        const value = values[at]!;
        if (!Number.isFinite(value)) {
            result[at] = value;
            continue;
        }
        last = last * weight + (1 - weight) * value;
        counted++;
        const bias = weight === 1 ? 1 : 1 - weight ** counted;
        result[at] = bias > 0 ? last / bias : value;
    }
    return result;
}

/** Puts series on one axis: all steps that any of them has, with null where one has none. */
export function align(series: readonly { steps: readonly number[]; values: readonly number[] }[]): (number | null)[][] {
    const steps = [...new Set(series.flatMap(one => one.steps))].sort((a, b) => a - b);
    const places = new Map(steps.map((step, at) => [step, at]));
    const columns = series.map(one => {
        const column: (number | null)[] = new Array(steps.length).fill(null);
        one.steps.forEach((step, at) => {
            const value = one.values[at]!;
            column[places.get(step)!] = Number.isFinite(value) ? value : null;
        });
        return column;
    });
    return [steps, ...columns];
}
