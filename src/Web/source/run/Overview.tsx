import { Chart } from "../curves/Chart.tsx";
import { Overview as Shown, panelsOf, type PanelSpec } from "../curves/panels.ts";
import { stageToShow } from "../curves/stages.ts";
import { controlsOf } from "../curves/controls.ts";
import { curvesOf } from "../curves/shown.ts";
import { useControls, useNames, useSeries } from "../curves/useCurves.ts";
import { StageGraph } from "../graph/StageGraph.tsx";
import { formatRoute, type Route } from "../state/route.ts";
import { duration, moment, percent, when } from "../ui/format.ts";
import { Ago, Empty, Panel, Progress, Trouble, Words } from "../ui/parts.tsx";
import type { RunStore } from "./runStore.ts";
import type { TimeBreakdown } from "../api/types.ts";

/** A run at a glance: its stages, what runs, the curves that matter, its story. */
export function Overview({ store }: { store: RunStore; route: Route }) {
    const run = store.run!;
    const stage = stageToShow(run.stages, undefined, store.series.names);
    const known = stage === undefined ? new Set<string>() : (store.series.names.get(stage) ?? new Set());
    const panels = panelsOf(known).filter(panel => Shown.includes(panel.title));
    const shown = [{ store, label: store.id }];
    const error = useSeries(shown, stage, useNames(panels), {});
    const controls = controlsOf(run.stages, stage);
    useControls(store, controls, panels, {});
    return (
        <div class="overview">
            <Panel title="Stages">
                <StageGraph runId={run.id} stages={run.stages} />
            </Panel>
            <Panel
                title={stage === undefined ? "Curves" : `Curves of ${stage}`}
                tools={
                    stage === undefined ? undefined : (
                        <a class="button small" href={formatRoute(["runs", run.id, "curves"], { stage })}>
                            All curves
                        </a>
                    )
                }
            >
                {error && <Trouble error={error} />}
                {panels.length === 0 ? (
                    <Empty title="No figures yet.">They come with the first step of a stage.</Empty>
                ) : (
                    <div class="charts small-charts">
                        {panels.map(panel => (
                            <Chart
                                key={panel.title}
                                title={panel.title}
                                curves={curvesOf(shown, stage!, panel, controls)}
                                height={150}
                                stacked={panel.stacked ?? false}
                                smoothing={isLong(store, stage!, panel) ? 0.6 : 0}
                                tools={false}
                            />
                        ))}
                    </div>
                )}
            </Panel>
            <div class="two">
                <Panel title="At work">
                    <Running store={store} />
                </Panel>
                <Panel title="Where the time went">
                    <Time time={run.time} />
                </Panel>
            </div>
            <Panel title="What happened">
                <Story store={store} />
            </Panel>
        </div>
    );
}

// A few points need no smoothing: it would only lag behind them.
const isLong = (store: RunStore, stage: string, panel: PanelSpec): boolean =>
    (store.series.get(stage, panel.names[0] ?? "")?.steps.length ?? 0) > 100;

function Running({ store }: { store: RunStore }) {
    const jobs = store.run!.jobs ?? [];
    if (jobs.length === 0) return <Empty title={store.run!.status === "running" ? "No job has said a word yet." : "Nothing runs."} />;
    return (
        <ul class="at-work">
            {jobs.map(job => (
                <li key={job.jobId}>
                    <span class="job-name">
                        <code>{job.jobId}</code>
                        <span class="sub">
                            {job.worker} · <Ago time={job.updatedAt} />
                        </span>
                    </span>
                    {job.waiting ? (
                        <span class="bad">waits: {job.waiting}</span>
                    ) : (
                        <span class="number">
                            {job.step} / {job.steps || "?"}
                        </span>
                    )}
                    <Progress done={job.step} total={job.steps} label={`Progress of ${job.jobId}`} />
                </li>
            ))}
        </ul>
    );
}

const Parts: readonly { key: keyof TimeBreakdown; text: string }[] = [
    { key: "generation", text: "Generation" },
    { key: "reward", text: "Reward" },
    { key: "update", text: "Update" },
    { key: "storage", text: "Storage" },
    { key: "waiting", text: "Waiting" },
];

/** Where time went, as a bar of its parts with a list. */
export function Time({ time }: { time: TimeBreakdown }) {
    if (!(time.wall > 0)) return <Empty title="No stage has ended yet." />;
    return (
        <>
            <div class="time-bar" aria-hidden="true">
                {Parts.map((part, at) => (
                    <span class={`hue-${at}`} style={{ flexGrow: time[part.key] / time.wall }} key={part.key} />
                ))}
            </div>
            <dl class="time-parts">
                {Parts.map((part, at) => (
                    <div key={part.key}>
                        <dt>
                            <span class={`swatch hue-${at}`} aria-hidden="true" />
                            {part.text}
                        </dt>
                        <dd>
                            {duration(time[part.key])} <span class="muted">{percent(time[part.key] / time.wall, 0)}</span>
                        </dd>
                    </div>
                ))}
            </dl>
        </>
    );
}

function Story({ store }: { store: RunStore }) {
    if (store.logs.length === 0) return <Empty title="Nothing yet." />;
    return (
        <ol class="story" aria-live="polite">
            {store.logs
                .slice(-100)
                .reverse()
                .map((log, at) => (
                    <li class={log.level} key={store.logs.length - at}>
                        <time dateTime={log.time} title={moment(log.time)}>
                            {when(log.time, Date.now())}
                        </time> <Words text={log.message} />
                    </li>
                ))}
        </ol>
    );
}
