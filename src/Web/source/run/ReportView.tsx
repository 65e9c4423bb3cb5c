import { useEffect, useState } from "preact/hooks";
import { ApiError, ask, get, pathOf } from "../api/client.ts";
import type { RunReport, StageReport } from "../api/report.ts";
import { splitThought } from "../samples/think.ts";
import { useLoaded } from "../state/hooks.ts";
import { formatRoute, type Route } from "../state/route.ts";
import { duration, moment, money } from "../ui/format.ts";
import { Empty, Fact, Panel, save, Trouble, Waiting } from "../ui/parts.tsx";
import { visible } from "../ui/visible.ts";
import { Time } from "./Overview.tsx";
import { Controls } from "./ReportControls.tsx";
import { Bands, Benchmarks, Costs } from "./ReportTables.tsx";
import type { RunStore } from "./runStore.ts";
import { Scroll } from "../ui/Scroll.tsx";

/** The run's report; it prints as it stands. */
export function ReportView({ store }: { store: RunStore; route: Route }) {
    const report = useLoaded(`${store.id} ${store.run?.status}`, signal =>
        get<RunReport>(pathOf(["runs", store.id, "report"], { format: "json" }), signal),
    );
    if (report.error instanceof ApiError && report.error.status === 404)
        return <Empty title="No report yet.">It is written when the run completes.</Empty>;
    if (report.error) return <Trouble error={report.error} again={report.again} />;
    if (!report.value) return <Waiting what="the report" />;
    return <Report report={report.value} />;
}

function Report({ report }: { report: RunReport }) {
    const download = async (format: "html" | "md"): Promise<void> =>
        save(`${report.runId}.${format}`, await (await ask(pathOf(["runs", report.runId, "report"], { format }))).blob());
    return (
        <article class="report">
            <Panel
                title={`Report of ${report.runId}`}
                tools={
                    <>
                        <button type="button" class="small" onClick={() => print()}>
                            Print
                        </button>
                        <button type="button" class="small" onClick={() => void download("html")}>
                            HTML
                        </button>
                        <button type="button" class="small" onClick={() => void download("md")}>
                            Markdown
                        </button>
                    </>
                }
            >
                {report.description && <p>{report.description}</p>}
                <dl class="facts">
                    <Fact name="Began">{moment(report.startedAt)}</Fact>
                    <Fact name="Took">{duration((Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000)}</Fact>
                    <Fact name="Seed">{report.seed}</Fact>
                    <Fact name="Recipe">
                        <code title={report.recipeHash}>{report.recipeHash.slice(0, 12)}</code>
                    </Fact>
                    {report.cost && (
                        <Fact name="Cost" title={report.cost.note}>
                            {money(report.cost.amount, report.cost.currency)}
                        </Fact>
                    )}
                    <Fact name="Problems also trained on" title="Evaluation problems that also occur in the training data; 0 is a pass">
                        {report.overlap ?? "not checked"}
                    </Fact>
                </dl>
            </Panel>
            <Panel title="What each stage did">
                <ol class="stage-words">
                    {report.stages.map(stage => (
                        <li key={stage.label}>
                            <h3>
                                {stage.label} <span class="muted">{stage.kind}</span>
                            </h3>
                            <p>
                                {stage.summary || "–"}
                                {stage.reusedFrom && (
                                    <>
                                        {" "}
                                        Taken over from <a href={formatRoute(["runs", stage.reusedFrom.runId])}>{stage.reusedFrom.runId}</a>
                                        .
                                    </>
                                )}
                            </p>
                        </li>
                    ))}
                </ol>
            </Panel>
            {report.bands && report.bands.length > 0 && <Bands bands={report.bands} />}
            {report.controls && report.controls.length > 0 && <Controls controls={report.controls} />}
            <Benchmarks stages={report.stages} />
            <Picture runId={report.runId} />
            <Panel title="Where the time went">
                <Time time={report.time} />
            </Panel>
            {report.costing && <Costs costing={report.costing} />}
            {report.plan && (
                <Panel title="Plan and actual">
                    <Scroll class="table-box">
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">Stage</th>
                                    <th scope="col" class="number">
                                        Planned ({report.plan.device})
                                    </th>
                                    <th scope="col" class="number">
                                        Taken
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                {report.plan.stages.map(stage => (
                                    <tr key={stage.label}>
                                        <th scope="row">{stage.label}</th>
                                        <td class="number">{duration(stage.plannedSeconds)}</td>
                                        <td class="number">{duration(stage.seconds)}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </Scroll>
                </Panel>
            )}
            {report.stages
                .filter(stage => stage.samples.length > 0)
                .map(stage => (
                    <Answers stage={stage} key={stage.label} />
                ))}
        </article>
    );
}

// The report's own picture: as an image, in which no script runs.
function Picture({ runId }: { runId: string }) {
    const picture = useLoaded(runId, async signal => {
        const response = await ask(pathOf(["runs", runId, "report"], { format: "svg" }), { signal });
        return new Blob([await response.blob()], { type: "image/svg+xml" });
    });
    const [address, setAddress] = useState<string>();
    useEffect(() => {
        if (!picture.value) return;
        const made = URL.createObjectURL(picture.value);
        setAddress(made);
        return () => URL.revokeObjectURL(made);
    }, [picture.value]);
    if (!address) return null;
    return (
        <Panel title="Curves">
            <img class="report-curve" src={address} alt="The figures of the run as curves; the tables have the same ones" />
        </Panel>
    );
}

function Answers({ stage }: { stage: StageReport }) {
    const text = (completion: string | undefined) => {
        if (completion === undefined) return <p class="muted">none</p>;
        const parts = splitThought(visible(completion));
        return (
            <Scroll as="pre" class="completion-words">
                {parts.before}
                {parts.think !== undefined && <span class="thought">{parts.think}</span>}
                {parts.after}
            </Scroll>
        );
    };
    return (
        <Panel title={`Answers, ${stage.label}`}>
            {stage.samples.map((pair, at) => (
                <div class="pair" key={at}>
                    <p class="question">
                        <bdi>{visible(pair.question)}</bdi>{" "}
                        {pair.answer && (
                            <span class="muted">
                                right: <bdi>{visible(pair.answer)}</bdi>
                            </span>
                        )}
                    </p>
                    <div class="two">
                        <div>
                            <h3>Before</h3>
                            {text(pair.before?.completion)}
                        </div>
                        <div>
                            <h3>After</h3>
                            {text(pair.after?.completion)}
                        </div>
                    </div>
                </div>
            ))}
        </Panel>
    );
}
