import type { SampleSet } from "../api/types.ts";

/** What stands for a set in an address. */
export const keyOf = (set: SampleSet): string => [set.stage, set.source, set.iteration, set.benchmark ?? ""].join("|");

/** The set that a key stands for. */
export const setOf = (sets: readonly SampleSet[], key: string | undefined): SampleSet | undefined => sets.find(set => keyOf(set) === key);

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
