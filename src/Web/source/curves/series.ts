import type { Figure, MetricsRow, SeriesAnswer } from "../api/types.ts";

/** A metric over a stage's steps, in the order of the steps; what is not finite is NaN. */
export interface Series {
    steps: number[];
    values: number[];
    /** Rows that it stands for. */
    count: number;
    thinned: boolean;
}

/** A figure as a number; texts such as "NaN" and what is missing become NaN. */
export const toNumber = (figure: Figure | null | undefined): number =>
    typeof figure === "number" ? figure : figure == null ? NaN : Number(figure);

/** Sets a step's value, which is most often a new last one. */
export function put(series: Series, step: number, value: number): void {
    const { steps, values } = series;
    let at = steps.length;
    while (at > 0 && steps[at - 1]! > step) at--;
    if (at > 0 && steps[at - 1] === step) {
        values[at - 1] = value;
        return;
    }
    steps.splice(at, 0, step);
    values.splice(at, 0, value);
    series.count++;
}

/** The series of a run that somebody asked for, kept up with what its stream tells. */
export class SeriesStore {
    /** Names by stage, as far as they are known. */
    readonly names = new Map<string, Set<string>>();
    readonly #series = new Map<string, Series>();

    /** A series, if it was loaded. */
    get(stage: string, name: string): Series | undefined {
        return this.#series.get(`${stage}\n${name}`);
    }

    /** Takes what the API answered: it replaces what was there, but for later steps that a stream told of meanwhile. */
    take(answer: SeriesAnswer, upToEnd: boolean): void {
        for (const one of answer.series) {
            const key = `${one.stage}\n${one.name}`;
            const before = this.#series.get(key);
            const series: Series = { steps: one.steps, values: one.values.map(toNumber), count: one.count, thinned: one.thinned };
            const last = series.steps.at(-1) ?? -1;
            if (before && upToEnd) before.steps.forEach((step, at) => step > last && put(series, step, before.values[at]!));
            this.#series.set(key, series);
            this.#name(one.stage, one.name);
        }
    }

    /** Takes a row of the stream. */
    add(row: MetricsRow): void {
        for (const [name, value] of Object.entries(row.values)) {
            this.#name(row.stage, name);
            const key = `${row.stage}\n${name}`;
            let series = this.#series.get(key);
            if (!series) continue;
            put(series, row.step, toNumber(value));
        }
    }

    /** Begins an empty series, so that what the stream tells of it is kept. */
    begin(stage: string, name: string): void {
        const key = `${stage}\n${name}`;
        if (!this.#series.has(key)) this.#series.set(key, { steps: [], values: [], count: 0, thinned: false });
    }

    #name(stage: string, name: string): void {
        let names = this.names.get(stage);
        if (!names) this.names.set(stage, (names = new Set()));
        names.add(name);
    }
}
