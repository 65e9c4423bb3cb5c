import { useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { SampleRows, SampleSet } from "../api/types.ts";
import type { RunStore } from "../run/runStore.ts";
import { useLoaded } from "../state/hooks.ts";
import { setValues, type Route } from "../state/route.ts";
import { count } from "../ui/format.ts";
import { Choice, Empty, Trouble, Waiting } from "../ui/parts.tsx";
import { Filters, filterOf } from "./Filters.tsx";
import { LiveTail } from "./LiveTail.tsx";
import { SampleCard } from "./SampleCard.tsx";
import { keyOf, nameOf, setNamed, setOf, sourcesOf } from "./sets.ts";
import { SideBySide } from "./SideBySide.tsx";

type Mode = "committed" | "live" | "compare";

/** What models wrote, as each shard commits; what is being written; and two models on one problem. */
export function SamplesView({ store, route }: { store: RunStore; route: Route }) {
    const { values } = route;
    const turns = [...store.sampleTurns.values()].reduce((sum, turn) => sum + turn, 0);
    const sets = useLoaded(
        `${store.id} ${store.run?.status} ${turns}`,
        signal => get<{ sets: SampleSet[] }>(pathOf(["runs", store.id, "samples", "sets"]), signal),
        isActive(store) ? 10_000 : undefined,
        true,
    );
    const mode: Mode = values["mode"] === "live" || values["mode"] === "compare" ? values["mode"] : "committed";
    const chosen = setOf(sets.value?.sets ?? [], values["set"]) ?? setNamed(values["set"]) ?? sets.value?.sets.at(-1);
    return (
        <div class="samples">
            <div class="samples-bar">
                <Choice
                    label="What is shown"
                    value={mode}
                    onChange={next => setValues({ mode: next === "committed" ? undefined : next })}
                    options={[
                        { value: "committed", text: "Committed" },
                        { value: "live", text: "Live" },
                        { value: "compare", text: "Side by side" },
                    ]}
                />
                {mode !== "live" && sets.value && (
                    <SetChoice
                        label={mode === "compare" ? "Left" : "From"}
                        sets={sets.value.sets}
                        chosen={chosen}
                        onChange={key => setValues({ set: key, after: undefined })}
                    />
                )}
                {mode === "compare" && sets.value && (
                    <SetChoice
                        label="Right"
                        sets={sets.value.sets}
                        chosen={setOf(sets.value.sets, values["other"])}
                        onChange={key => setValues({ other: key })}
                    />
                )}
            </div>
            {sets.error && <Trouble error={sets.error} again={sets.again} />}
            {mode === "live" ? (
                <LiveTail store={store} />
            ) : sets.isLoading ? (
                <Waiting what="samples" />
            ) : !chosen ? (
                !sets.error && (
                    <Empty title="No samples yet.">
                        They come as each shard of a rollout commits. Look at{" "}
                        <a
                            href="#"
                            onClick={event => {
                                event.preventDefault();
                                setValues({ mode: "live" });
                            }}
                        >
                            what is being written
                        </a>
                        .
                    </Empty>
                )
            ) : mode === "compare" ? (
                <SideBySide runId={store.id} left={chosen} right={setOf(sets.value!.sets, values["other"])} values={values} />
            ) : (
                <Rows
                    runId={store.id}
                    set={chosen}
                    values={values}
                    turns={turns}
                    sources={sourcesOf(store.series.names.get(chosen.stage))}
                />
            )}
        </div>
    );
}

const isActive = (store: RunStore): boolean => store.run?.status === "running";

function SetChoice(props: { label: string; sets: readonly SampleSet[]; chosen: SampleSet | undefined; onChange: (key: string) => void }) {
    const newest = [...props.sets].reverse();
    return (
        <label class="field">
            {props.label}
            <select value={props.chosen ? keyOf(props.chosen) : ""} onChange={event => props.onChange(event.currentTarget.value)}>
                {!props.chosen && <option value="">choose</option>}
                {newest.map(set => (
                    <option value={keyOf(set)} key={keyOf(set)}>
                        {nameOf(set)}
                    </option>
                ))}
            </select>
        </label>
    );
}

interface RowsProps {
    runId: string;
    set: SampleSet;
    values: Record<string, string>;
    turns: number;
    sources: readonly string[];
}

function Rows({ runId, set, values, turns, sources }: RowsProps) {
    const filter = filterOf(values);
    const [before, setBefore] = useState<string[]>([]);
    const after = values["after"];
    const query = { stage: set.stage, source: set.source, iteration: set.iteration, benchmark: set.benchmark, ...filter, after, limit: 20 };
    const rows = useLoaded(
        `${JSON.stringify(query)} ${set.shardsDone} ${set.updated} ${turns}`,
        signal => get<SampleRows>(pathOf(["runs", runId, "samples", "rows"], query), signal),
        undefined,
        true,
    );
    const turn = (next: string | undefined, history: string[]): void => {
        setBefore(history);
        setValues({ after: next });
        scrollTo({ top: 0 });
    };
    return (
        <>
            <Filters values={values} sources={sources} />
            {rows.error && <Trouble error={rows.error} again={rows.again} />}
            {rows.isLoading && <Waiting what="samples" />}
            {rows.value && (
                <>
                    <p class="muted" role="status">
                        {count(rows.value.matching)} of {count(rows.value.total)} samples
                    </p>
                    {rows.value.rows.length === 0 && <Empty title="No sample matches." />}
                    <ol class="cards">
                        {rows.value.rows.map((row, at) => (
                            <li key={`${row.question ?? at} ${row.sample} ${row.problem} ${row.greedy}`}>
                                <SampleCard row={row} runId={runId} set={set} />
                            </li>
                        ))}
                    </ol>
                    <div class="row pager">
                        <button
                            type="button"
                            disabled={after === undefined}
                            onClick={() => turn(before.at(-1) || undefined, before.slice(0, -1))}
                        >
                            Earlier
                        </button>
                        <button
                            type="button"
                            disabled={rows.value.next === undefined}
                            onClick={() => turn(rows.value!.next, [...before, after ?? ""])}
                        >
                            Later
                        </button>
                    </div>
                </>
            )}
        </>
    );
}
