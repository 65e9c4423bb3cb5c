import type { SampleSet } from "../api/types.ts";

/** What stands for a set in an address. */
export const keyOf = (set: SampleSet): string => [set.stage, set.source, set.iteration, set.benchmark ?? ""].join("|");

/** The set that a key stands for. */
export const setOf = (sets: readonly SampleSet[], key: string | undefined): SampleSet | undefined => sets.find(set => keyOf(set) === key);

/** The set that a key names, whether or not a list has it: lists hold the newest alone. */
export function setNamed(key: string | undefined): SampleSet | undefined {
    const [stage, source, iteration, benchmark] = (key ?? "").split("|");
    if (!stage || (source !== "rollout" && source !== "evaluate") || !/^\d+$/.test(iteration ?? "")) return undefined;
    return { stage, source, iteration: Number(iteration), ...(benchmark ? { benchmark } : {}) };
}

/** What stands for a step's rollouts in an address. */
export const keyOfStep = (stage: string, step: number): string => keyOf({ stage, source: "rollout", iteration: step });

/** A set for people. */
export function nameOf(set: SampleSet): string {
    const what =
        set.source === "rollout"
            ? `iteration ${set.iteration}`
            : `evaluation${set.benchmark ? ` ${set.benchmark}` : ""}, step ${set.iteration}`;
    const part =
        set.shards !== undefined && set.shardsDone !== undefined && set.shardsDone < set.shards
            ? `, ${set.shardsDone} of ${set.shards} shards`
            : "";
    const size = set.rows === undefined ? "" : ` · ${set.rows.toLocaleString("en")} samples`;
    return `${set.stage} · ${what}${size}${part}`;
}

/** The prompt sources of a stage, as the names of its figures tell them (`sources/NAME/reward/mean`). */
export const sourcesOf = (names: Iterable<string> = []): string[] =>
    [...new Set([...names].flatMap(name => /^sources\/([^/]+)\//.exec(name)?.[1] ?? []))].sort();
