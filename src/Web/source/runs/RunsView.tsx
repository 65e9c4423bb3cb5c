import { useEffect, useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { RunList, RunStatus, RunSummary } from "../api/types.ts";
import { useLoaded, useNow } from "../state/hooks.ts";
import { formatRoute, setValues, type Route } from "../state/route.ts";
import { ago, duration, figure, money, percent } from "../ui/format.ts";
import { visible } from "../ui/visible.ts";
import { Ago, Badge, Empty, Progress, Trouble, Waiting } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

const PageSize = 50;
const Every = 4000;
// As many as there are colours.
const Most = 8;
const States: readonly { value: string; text: string }[] = [
    { value: "", text: "All" },
    { value: "queued,running,paused", text: "Active" },
    { value: "completed", text: "Completed" },
    { value: "failed,cancelled", text: "Failed" },
];

/** All runs, the newest first. */
export function RunsView({ route }: { route: Route }) {
    const { state = "", q = "" } = route.values;
    const [text, setText] = useState(q);
    const [chosen, setChosen] = useState<string[]>([]);
    const [pages, setPages] = useState(1);
    useEffect(() => {
        const timer = setTimeout(() => setValues({ q: text.trim() || undefined }), 250);
        return () => clearTimeout(timer);
    }, [text]);
    useEffect(() => setPages(1), [state, q]);
    const limit = PageSize * pages;
    const list = useLoaded(`${state} ${limit} ${q}`, signal => get<RunList>(pathOf(["runs"], { state, q, limit }), signal), Every, true);
    const runs = list.value?.runs;

    const toggle = (id: string): void =>
        setChosen(before => (before.includes(id) ? before.filter(other => other !== id) : [...before, id].slice(-Most)));
    return (
        <div class="view">
            <div class="head">
                <h1>Runs</h1>
                <div class="tools">
                    <input
                        type="search"
                        placeholder="Filter by name"
                        aria-label="Filter by name or id"
                        value={text}
                        onInput={event => setText(event.currentTarget.value)}
                    />
                    <div class="choice" role="group" aria-label="State">
                        {States.map(one => (
                            <button
                                type="button"
                                aria-pressed={one.value === state}
                                onClick={() => setValues({ state: one.value || undefined })}
                                key={one.value}
                            >
                                {one.text}
                            </button>
                        ))}
                    </div>
                    <a class="button main" href="#/new">
                        Start a run
                    </a>
                </div>
            </div>
            {list.error && <Trouble error={list.error} again={list.again} />}
            {chosen.length > 0 && <Chosen ids={chosen} clear={() => setChosen([])} />}
            {!runs && !list.error && <Waiting what="runs" />}
            {runs?.length === 0 &&
                (q || state ? (
                    <Empty title="No run matches.">
                        <button
                            type="button"
                            onClick={() => {
                                setText("");
                                setValues({ state: undefined, q: undefined });
                            }}
                        >
                            Show all
                        </button>
                    </Empty>
                ) : (
                    <Empty title="No run yet.">
                        <p>
                            A run carries a model from a recipe to a reasoner, stage by stage. Begin with the quickstart: it takes minutes
                            on two cores.
                        </p>
                        <a class="button main" href="#/new">
                            Start a run
                        </a>
                    </Empty>
                ))}
            {runs && runs.length > 0 && <Table runs={runs} chosen={chosen} toggle={toggle} />}
            {list.value?.next && (
                <p class="more">
                    <button type="button" onClick={() => setPages(pages + 1)}>
                        Show more
                    </button>
                </p>
            )}
        </div>
    );
}

function Chosen({ ids, clear }: { ids: string[]; clear: () => void }) {
    const [first, second] = ids;
    const words =
        ids.length === 1
            ? `${first} is chosen; choose another to compare.`
            : ids.length === 2
              ? `${first} and ${second}`
              : `${ids.length} runs are chosen, from ${first} on`;
    return (
        <div class="chosen" role="status">
            <span>{words}</span>
            {ids.length === 2 && (
                <a class="button small" href={formatRoute(["compare"], { from: first, to: second })}>
                    Compare recipes
                </a>
            )}
            {ids.length > 1 && (
                <a class="button small" href={formatRoute(["runs", first!, "curves"], { with: ids.slice(1).join(",") })}>
                    Overlay curves
                </a>
            )}
            <button type="button" class="quiet" onClick={clear}>
                Clear
            </button>
        </div>
    );
}

function Table({ runs, chosen, toggle }: { runs: RunSummary[]; chosen: string[]; toggle: (id: string) => void }) {
    return (
        <Scroll class="table-box">
            <table class="runs">
                <caption class="unseen">Runs, newest first</caption>
                <thead>
                    <tr>
                        <th scope="col">
                            <span class="unseen">Choose</span>
                        </th>
                        <th scope="col">Run</th>
                        <th scope="col">State</th>
                        <th scope="col">Stage</th>
                        <th scope="col" class="progress-column">
                            Progress
                        </th>
                        <th scope="col" class="number">
                            pass@1
                        </th>
                        <th scope="col" class="number">
                            Reward
                        </th>
                        <th scope="col" class="number">
                            Time
                        </th>
                        <th scope="col" class="number">
                            Cost
                        </th>
                        <th scope="col" class="number">
                            Created
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {runs.map(run => (
                        <Line run={run} isChosen={chosen.includes(run.id)} toggle={toggle} key={run.id} />
                    ))}
                </tbody>
            </table>
        </Scroll>
    );
}

function Line({ run, isChosen, toggle }: { run: RunSummary; isChosen: boolean; toggle: (id: string) => void }) {
    const pass = run.passAt1;
    return (
        <tr class={isChosen ? "chosen-row" : undefined}>
            <td>
                <input type="checkbox" aria-label={`Choose ${run.id}`} checked={isChosen} onChange={() => toggle(run.id)} />
            </td>
            <th scope="row" class="name">
                <a href={formatRoute(["runs", run.id])}>
                    <bdi>{run.id}</bdi>
                </a>
                {run.error && (
                    <span class="sub bad clip" title={visible(run.error)}>
                        <bdi>{visible(run.error)}</bdi>
                    </span>
                )}
            </th>
            <td data-name="State">
                <Badge state={run.status} />
            </td>
            <td data-name="Stage">
                {run.stage ?? "–"}
                {run.stages !== undefined && (
                    <span class="sub">
                        {run.stagesDone ?? 0} of {run.stages} stages{run.phase && isActive(run.status) ? ` · ${run.phase}` : ""}
                    </span>
                )}
            </td>
            <td data-name="Progress" class="progress-column">
                <Advance run={run} />
            </td>
            <td
                data-name="pass@1"
                class="number"
                title={pass ? `${pass.stage}, ${pass.benchmark}${pass.greedy ? ", greedy accuracy" : ""}` : undefined}
            >
                {pass ? percent(pass.value) : "–"}
                {pass?.ci95 !== undefined && <span class="sub">± {percent(pass.ci95)}</span>}
            </td>
            <td data-name="Reward" class="number">
                {run.reward === undefined ? "–" : figure(run.reward)}
            </td>
            <td data-name="Time" class="number">
                <Spent run={run} />
            </td>
            <td data-name="Cost" class="number">
                {run.cost && run.cost.amount > 0 ? money(run.cost.amount, run.cost.currency) : "–"}
            </td>
            <td data-name="Created" class="number">
                <Ago time={run.createdAt} />
            </td>
        </tr>
    );
}

const isActive = (status: RunStatus): boolean => status === "running" || status === "queued" || status === "paused";

function Advance({ run }: { run: RunSummary }) {
    const now = useNow(5000);
    if (run.stages === undefined) return <span>–</span>;
    const inside = run.total ? (run.done ?? 0) / run.total : 0;
    const done = run.status === "completed" ? run.stages : Math.min(run.stages, (run.stagesDone ?? 0) + Math.min(1, inside));
    return (
        <>
            <Progress done={done} total={run.stages} label={`Progress of ${run.id}`} state={run.status} />
            <span class="sub">
                {run.status === "completed" ? "done" : run.total ? `${run.done ?? 0} / ${run.total}` : `stage ${(run.stagesDone ?? 0) + 1}`}
                {isActive(run.status) && run.progressedAt && ` · ${ago(run.progressedAt, now)}`}
            </span>
        </>
    );
}

function Spent({ run }: { run: RunSummary }) {
    const now = useNow();
    if (run.startedAt === undefined) return <span>–</span>;
    const end = run.endedAt === undefined ? now : Date.parse(run.endedAt);
    return (
        <>
            {duration((end - Date.parse(run.startedAt)) / 1000)}
            {run.etaSeconds !== undefined && run.status === "running" && <span class="sub">{duration(run.etaSeconds)} left</span>}
        </>
    );
}
