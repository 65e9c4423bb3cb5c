import { get, pathOf } from "../api/client.ts";
import type { SampleRow, SampleRows, SampleSet } from "../api/types.ts";
import { useLoaded } from "../state/hooks.ts";
import { setValues } from "../state/route.ts";
import { Empty, Trouble, Waiting } from "../ui/parts.tsx";
import { Prompt, SampleCard } from "./SampleCard.tsx";
import { nameOf } from "./sets.ts";

const Shown = 50;

/** Two checkpoints on one problem. */
export function SideBySide({
    runId,
    left,
    right,
    values,
}: {
    runId: string;
    left: SampleSet;
    right: SampleSet | undefined;
    values: Record<string, string>;
}) {
    const load =
        (set: SampleSet, problem?: string) =>
        (signal: AbortSignal): Promise<SampleRows> =>
            get(
                pathOf(["runs", runId, "samples", "rows"], {
                    stage: set.stage,
                    source: set.source,
                    iteration: set.iteration,
                    benchmark: set.benchmark,
                    problem,
                    limit: problem ? Shown : 200,
                    chars: problem ? undefined : 200,
                }),
                signal,
            );
    const first = useLoaded(`problems ${JSON.stringify(left)}`, load(left));
    const problems = [...new Map((first.value?.rows ?? []).map(row => [problemOf(row), row] as const)).entries()];
    const problem = values["problem"] ?? problems[0]?.[0];
    const one = useLoaded(problem ? `${JSON.stringify(left)} ${problem}` : undefined, load(left, problem));
    const two = useLoaded(problem && right ? `${JSON.stringify(right)} ${problem}` : undefined, load(right ?? left, problem));
    const asked = problems.find(([id]) => id === problem)?.[1];
    const place = problems.findIndex(([id]) => id === problem);
    const step = (by: number): void => setValues({ problem: problems[(place + by + problems.length) % problems.length]?.[0] });
    return (
        <>
            {first.error && <Trouble error={first.error} again={first.again} />}
            {first.isLoading && <Waiting what="problems" />}
            {first.value && problems.length === 0 && <Empty title="This set has no problems." />}
            {problems.length > 0 && (
                <div class="row wrap">
                    <label class="field grow">
                        Problem
                        <select value={problem} onChange={event => setValues({ problem: event.currentTarget.value })}>
                            {problems.map(([id, row]) => (
                                <option value={id} key={id}>
                                    {row.prompt.slice(0, 80)}
                                </option>
                            ))}
                        </select>
                    </label>
                    <button type="button" onClick={() => step(-1)}>
                        Previous
                    </button>
                    <button type="button" onClick={() => step(1)}>
                        Next
                    </button>
                </div>
            )}
            {asked && <Prompt text={asked.prompt} answer={asked.answer} />}
            {!right && (
                <Empty title="Choose a second set.">
                    Evaluations of two checkpoints ask the same held-out problems; rollouts seldom do.
                </Empty>
            )}
            {right && problem && (
                <div class="two side-by-side">
                    <Side runId={runId} set={left} rows={one.value} error={one.error} />
                    <Side runId={runId} set={right} rows={two.value} error={two.error} />
                </div>
            )}
        </>
    );
}

const problemOf = (row: SampleRow): string => row.problem ?? row.prompt;

function Side({ runId, set, rows, error }: { runId: string; set: SampleSet; rows: SampleRows | undefined; error: Error | undefined }) {
    return (
        <section aria-label={nameOf(set)}>
            <h2>{nameOf(set)}</h2>
            {error && <Trouble error={error} />}
            {rows?.rows.length === 0 && <Empty title="It was not asked this problem." />}
            {rows?.rows.map((row, at) => (
                <SampleCard row={row} runId={runId} set={set} isPromptKnown key={`${at} ${row.sample} ${row.greedy}`} />
            ))}
        </section>
    );
}
