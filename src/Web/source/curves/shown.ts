import type { StageView } from "../api/types.ts";
import type { RunStore } from "../run/runStore.ts";
import { curvesOfControls } from "./controls.ts";
import type { Curve } from "./curve.ts";
import type { PanelSpec } from "./panels.ts";
import { sharedPrefix } from "./prefix.ts";

/** A run whose curves are drawn. */
export interface Shown {
    store: RunStore;
    label: string;
}

/** What a stage of one run is called in another one: a retry from a stage makes it anew under another label. */
export function labelIn(store: Pick<RunStore, "run" | "series">, of: Pick<RunStore, "run">, label: string): string {
    if (store === of || store.series.names.has(label)) return label;
    const name = of.run?.stages.find(stage => stage.label === label)?.name ?? label;
    return store.run?.stages.find(stage => stage.name === name)?.label ?? label;
}

/** A panel's curves: a colour a figure for one run, with those of the stage's controls; a colour a run for several. */
export function curvesOf(shown: readonly Shown[], stage: string, panel: PanelSpec, controls: readonly StageView[] = []): Curve[] {
    const isOne = shown.length === 1;
    const under = isOne ? curvesOfControls(shown[0]!.store.series, controls, panel) : [];
    const all = [...panel.names, ...(panel.points ?? [])];
    const prefix = sharedPrefix(all);
    const own = shown.flatMap(({ store, label }, run) =>
        all.flatMap((name, at) => {
            const series = store.series.get(labelIn(store, shown[0]!.store, stage), name);
            if (!series || series.steps.length === 0) return [];
            const isPoint = at >= panel.names.length;
            const curve: Curve = {
                name: isOne ? name : `${label} ${name}`,
                steps: series.steps,
                values: series.values,
                hue: isOne ? at : run,
            };
            // Beside a title that names the figure the run is all there is to say.
            if (!isOne) curve.legend = all.length === 1 ? label : `${label} ${name.slice(prefix)}`;
            if (isPoint) curve.points = true;
            else if (!isOne && at > 0) curve.dashed = true;
            return [curve];
        }),
    );
    return [...own, ...under];
}
