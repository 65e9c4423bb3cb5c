import type { StageView } from "../api/types.ts";

/**
 * The stage whose curves are shown: the one that was asked for, else the one that runs, else the last that has figures. A control is
 * drawn under its stage.
 */
export function stageToShow(
    stages: readonly StageView[],
    asked: string | undefined,
    names: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
    if (asked !== undefined) return asked;
    const has = (stage: StageView): boolean => stage.controlOf === undefined && (names.get(stage.label)?.size ?? 0) > 0;
    const running = stages.findLast(stage => (stage.status === "running" || stage.status === "evaluating") && has(stage));
    return (running ?? stages.findLast(has))?.label ?? [...names.keys()].at(-1);
}
