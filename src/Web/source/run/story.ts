import type { RunLog, RunView, StageView } from "../api/types.ts";
import { toNumber } from "../curves/series.ts";
import { percent } from "../ui/format.ts";

/** What a run tells of its past by itself: what happened before anybody followed it, or while nobody could. */
export function historyOf(run: RunView): RunLog[] {
    const told: RunLog[] = [{ time: run.createdAt, level: "information", message: begun(run) }];
    for (const stage of run.stages) {
        if (stage.startedAt !== undefined && !stage.reusedFrom)
            told.push({ time: stage.startedAt, level: "information", message: `Stage '${stage.label}' began.` });
        const end = ended(stage);
        if (end && stage.endedAt !== undefined) told.push({ ...end, time: stage.endedAt });
    }
    if (run.endedAt !== undefined)
        told.push({
            time: run.endedAt,
            level: run.status === "failed" ? "error" : "information",
            message: `The run is ${run.status}${run.error ? `: ${run.error}` : "."}`,
        });
    return told.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** What a run's past adds to what was told: entries after all of that. */
export function toldAnew(told: readonly RunLog[], run: RunView): RunLog[] {
    const last = Math.max(-Infinity, ...told.map(log => Date.parse(log.time)));
    return historyOf(run).filter(log => Date.parse(log.time) > last);
}

function begun(run: RunView): string {
    const { fork } = run;
    return fork ? `The run was made, a fork of '${fork.runId}' at ${fork.stage}:${fork.iteration}.` : "The run was made.";
}

function ended(stage: StageView): Omit<RunLog, "time"> | undefined {
    if (stage.reusedFrom)
        return { level: "information", message: `Stage '${stage.label}' was taken over from '${stage.reusedFrom.runId}'.` };
    if (stage.status === "failed") return { level: "error", message: `Stage '${stage.label}' failed: ${stage.error ?? ""}` };
    if (stage.status !== "completed") return undefined;
    const pass = stage.metrics["eval/pass_at_1"];
    const measured = pass === undefined ? "" : `, pass@1 ${percent(toNumber(pass))}`;
    return { level: "information", message: `Stage '${stage.label}' is completed${measured}.` };
}
