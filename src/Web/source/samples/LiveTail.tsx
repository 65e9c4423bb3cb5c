import { ApiError, get, pathOf } from "../api/client.ts";
import type { LiveRow } from "../api/types.ts";
import type { RunStore } from "../run/runStore.ts";
import { useLoaded } from "../state/hooks.ts";
import { figure } from "../ui/format.ts";
import { Ago, Empty, Trouble, Waiting } from "../ui/parts.tsx";
import { Completion, Marks, Prompt } from "./SampleCard.tsx";

const Every = 2000;

/** Completions that running rollouts have finished and not committed. */
export function LiveTail({ store }: { store: RunStore }) {
    const isActive = store.run?.status === "running";
    const tail = useLoaded(
        isActive ? store.id : undefined,
        signal => get<{ rows: LiveRow[] }>(pathOf(["runs", store.id, "samples", "live"], { limit: 40 }), signal),
        Every,
    );
    if (!isActive) return <Empty title="The run does not run.">What it wrote stands under Committed.</Empty>;
    if (tail.error instanceof ApiError && tail.error.status === 404)
        return <Empty title="This host does not tell what is being written.">What is committed stands under Committed.</Empty>;
    const rows = tail.value?.rows;
    return (
        <>
            <p class="note" role="note">
                <strong>Provisional.</strong> Finished completions of running rollouts: none is committed yet, and those of a worker that
                dies are made again.
            </p>
            {tail.error && <Trouble error={tail.error} again={tail.again} />}
            {tail.isLoading && <Waiting what="the tail" />}
            {rows?.length === 0 && (
                <Empty title="Nothing is being written just now.">
                    Rollouts alternate with updates; completions show up here as they end.
                </Empty>
            )}
            <ol class="cards">
                {rows?.map(row => (
                    <li key={`${row.jobId} ${row.question} ${row.sample}`}>
                        <article class="sample provisional" aria-label={`Provisional sample ${row.sample} of question ${row.question}`}>
                            <header>
                                <span class="tag">provisional</span>
                                <Marks row={row} />
                                {row.reward !== undefined && <span class="sample-reward">{figure(row.reward)}</span>}
                                <span class="muted sample-meta">
                                    iteration {row.iteration} · {row.worker} · <Ago time={row.finishedAt} />
                                </span>
                            </header>
                            <Prompt text={row.prompt} answer={row.answer} />
                            <Completion text={row.completion} />
                        </article>
                    </li>
                ))}
            </ol>
        </>
    );
}
