import { useEffect, useMemo, useState } from "preact/hooks";
import type { RunStore } from "../run/runStore.ts";
import type { Curve } from "./Chart.tsx";
import type { PanelSpec } from "./panels.ts";

/** A run whose curves are drawn. */
export interface Shown {
    store: RunStore;
    label: string;
}

/** Loads what panels show of a stage, once for each name and range. */
export function useSeries(
    shown: readonly Shown[],
    stage: string | undefined,
    names: readonly string[],
    range: { from?: number; to?: number },
): Error | undefined {
    const [error, setError] = useState<Error>();
    const key = `${shown.map(one => one.store.id).join(" ")} ${stage} ${names.join(",")} ${range.from} ${range.to}`;
    useEffect(() => {
        if (stage === undefined || names.length === 0) return;
        let isOld = false;
        setError(undefined);
        for (const { store } of shown) {
            for (const name of names) store.series.begin(stage, name);
            for (let at = 0; at < names.length; at += MostNames)
                store
                    .load(names.slice(at, at + MostNames), stage, range)
                    .catch((caught: Error) => isOld || caught.name === "AbortError" || setError(caught));
        }
        return () => {
            isOld = true;
        };
    }, [key]);
    return error;
}

const MostNames = 100;

/** A panel's curves: a colour a figure for one run, a colour a run for several. */
export function curvesOf(shown: readonly Shown[], stage: string, panel: PanelSpec): Curve[] {
    const isOne = shown.length === 1;
    return shown.flatMap(({ store, label }, run) =>
        [...panel.names, ...(panel.points ?? [])].flatMap((name, at) => {
            const series = store.series.get(stage, name);
            if (!series || series.steps.length === 0) return [];
            const isPoint = at >= panel.names.length;
            const curve: Curve = {
                name: isOne ? name : `${label} ${name}`,
                steps: series.steps,
                values: series.values,
                hue: isOne ? at : run,
            };
            if (isPoint) curve.points = true;
            else if (!isOne && at > 0) curve.dashed = true;
            return [curve];
        }),
    );
}

/** All names that panels show. */
export const useNames = (panels: readonly PanelSpec[]): string[] =>
    useMemo(
        () => [...new Set(panels.flatMap(panel => [...panel.names, ...(panel.points ?? [])]))],
        [panels.map(panel => `${panel.names}|${panel.points}`).join("\n")],
    );
