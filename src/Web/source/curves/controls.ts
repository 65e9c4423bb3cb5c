import type { StageView } from "../api/types.ts";
import type { Curve } from "./curve.ts";
import type { PanelSpec } from "./panels.ts";
import type { SeriesStore } from "./series.ts";

/** The controls that run beside a stage: trainings that should teach nothing. */
export function controlsOf(stages: readonly StageView[], label: string | undefined): StageView[] {
    const name = stages.find(stage => stage.label === label)?.name;
    return name === undefined ? [] : stages.filter(stage => stage.controlOf === name);
}

/** The figures of the controls that panels draw under a stage's, as far as a control has them. */
export const namesOf = (panels: readonly PanelSpec[], known: ReadonlySet<string>): string[] =>
    panels.filter(panel => panel.controls).flatMap(panel => [...panel.names, ...(panel.points ?? [])].filter(name => known.has(name)));

/** The curves of a stage's controls in a panel: dashed, or points, and named by the control's word. */
export function curvesOfControls(series: SeriesStore, controls: readonly StageView[], panel: PanelSpec): Curve[] {
    if (!panel.controls) return [];
    const own = panel.names.length + (panel.points?.length ?? 0);
    return controls.flatMap((control, place) =>
        [...panel.names, ...(panel.points ?? [])].flatMap((name, at) => {
            const figures = series.get(control.label, name);
            if (!figures || figures.steps.length === 0) return [];
            const curve: Curve = {
                name: `${control.name.split(".").at(-1)} ${name}`,
                steps: figures.steps,
                values: figures.values,
                hue: own + place,
            };
            if (at >= panel.names.length) curve.points = true;
            else curve.dashed = true;
            return [curve];
        }),
    );
}
