import { useEffect, useMemo, useState } from "preact/hooks";
import type { StageView } from "../api/types.ts";
import type { RunStore } from "../run/runStore.ts";
import { namesOf } from "./controls.ts";
import type { PanelSpec } from "./panels.ts";
import { labelIn, type Shown } from "./shown.ts";

/** Loads what panels show of the controls of a run's stage, once for each name and range. */
export function useControls(
    store: RunStore,
    controls: readonly StageView[],
    panels: readonly PanelSpec[],
    range: { from?: number; to?: number },
): void {
    const wanted = controls.map(control => [control.label, namesOf(panels, store.series.names.get(control.label) ?? new Set())] as const);
    useEffect(() => {
        for (const [label, names] of wanted) {
            if (names.length === 0) continue;
            for (const name of names) store.series.begin(label, name);
            // A control that cannot be read leaves the stage's own curve as it is.
            store.load(names, label, range).catch(() => undefined);
        }
    }, [`${store.id} ${wanted.join(" ")} ${range.from} ${range.to}`]);
}

/** Loads what panels show of a stage, once for each name and range. */
export function useSeries(
    shown: readonly Shown[],
    stage: string | undefined,
    names: readonly string[],
    range: { from?: number; to?: number },
): Error | undefined {
    const [error, setError] = useState<Error>();
    const labels = shown.map(one => (stage === undefined ? undefined : labelIn(one.store, shown[0]!.store, stage)));
    const key = `${shown.map((one, at) => `${one.store.id} ${labels[at]}`).join(" ")} ${names.join(",")} ${range.from} ${range.to}`;
    useEffect(() => {
        if (stage === undefined || names.length === 0) return;
        let isOld = false;
        setError(undefined);
        for (const [place, { store }] of shown.entries()) {
            const label = labels[place]!;
            for (const name of names) store.series.begin(label, name);
            for (let at = 0; at < names.length; at += MostNames)
                store
                    .load(names.slice(at, at + MostNames), label, range)
                    .catch((caught: Error) => isOld || caught.name === "AbortError" || setError(caught));
        }
        return () => {
            isOld = true;
        };
    }, [key]);
    return error;
}

const MostNames = 100;

/** All names that panels show. */
export const useNames = (panels: readonly PanelSpec[]): string[] =>
    useMemo(
        () => [...new Set(panels.flatMap(panel => [...panel.names, ...(panel.points ?? [])]))],
        [panels.map(panel => `${panel.names}|${panel.points}`).join("\n")],
    );
