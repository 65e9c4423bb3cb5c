import type { Costing, RunReport, StageReport } from "../api/report.ts";
import { duration, figure, money, percent } from "../ui/format.ts";
import { Panel } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

/** What each stage cost: in money where there is a price, else in worker time. */
export function Costs({ costing }: { costing: Costing }) {
    const either = (amount: number | undefined, seconds: number | undefined) =>
        amount !== undefined ? money(amount, costing.currency) : seconds !== undefined ? `${figure(seconds)} s` : "–";
    return (
        <Panel title="What it cost">
            <Scroll class="table-box">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Stage</th>
                            <th scope="col" class="number">
                                Worker time
                            </th>
                            <th scope="col" class="number">
                                Cost
                            </th>
                            <th scope="col" class="number">
                                A thousand samples
                            </th>
                            <th scope="col" class="number">
                                A point of pass@1
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {costing.stages.map(stage => (
                            <tr key={stage.label}>
                                <th scope="row">{stage.label}</th>
                                <td class="number">{duration(stage.workerSeconds)}</td>
                                <td class="number">{either(stage.amount, undefined)}</td>
                                <td class="number">{either(stage.perThousandSamples, stage.secondsPerThousandSamples)}</td>
                                <td class="number">{either(stage.perPoint, stage.secondsPerPoint)}</td>
                            </tr>
                        ))}
                        <tr>
                            <th scope="row">between stages, idle</th>
                            <td class="number">{duration(costing.betweenSeconds)}</td>
                            <td class="number">{either(costing.betweenAmount, undefined)}</td>
                            <td />
                            <td />
                        </tr>
                    </tbody>
                </table>
            </Scroll>
            <p class="muted">
                Spot {duration(costing.spotSeconds)}, on demand {duration(costing.onDemandSeconds)}. Preempted {costing.preemptions}{" "}
                times; work done again, estimated: {duration(costing.lostSeconds)}
                {costing.lostAmount !== undefined && ` (${money(costing.lostAmount, costing.currency)})`}.
            </p>
        </Panel>
    );
}

/** Whether the models are in the bands that the recipe expects. */
export function Bands({ bands }: { bands: NonNullable<RunReport["bands"]> }) {
    return (
        <Panel title="Expected and measured">
            <Scroll class="table-box">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Expected</th>
                            <th scope="col" class="number">
                                Measured
                            </th>
                            <th scope="col">Verdict</th>
                        </tr>
                    </thead>
                    <tbody>
                        {bands.map(band => (
                            <tr key={band.expected}>
                                <th scope="row">{band.expected}</th>
                                <td class="number">
                                    {percent(band.measured)}
                                    {band.standardError !== undefined && <span class="sub">± {percent(band.standardError)}</span>}
                                </td>
                                <td>{band.verdict}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </Panel>
    );
}

/** The held-out figures of each model, a table a benchmark. */
export function Benchmarks({ stages }: { stages: readonly StageReport[] }) {
    const names = [...new Set(stages.flatMap(stage => stage.benchmarks.map(one => one.name)))];
    return (
        <>
            {names.map(name => (
                <Panel title={`Held-out figures, ${name}`} key={name}>
                    <Scroll class="table-box">
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">Model</th>
                                    <th scope="col" class="number">
                                        pass@1
                                    </th>
                                    <th scope="col" class="number">
                                        pass@k
                                    </th>
                                    <th scope="col" class="number">
                                        cons@k
                                    </th>
                                    <th scope="col" class="number">
                                        Greedy
                                    </th>
                                    <th scope="col" class="number">
                                        Format
                                    </th>
                                    <th scope="col" class="number">
                                        Length
                                    </th>
                                    <th scope="col" class="number">
                                        Problems
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                {stages.map(stage => {
                                    const after = stage.benchmarks.find(one => one.name === name)?.after;
                                    return (
                                        after && (
                                            <tr key={stage.label}>
                                                <th scope="row">{stage.label}</th>
                                                <td class="number">
                                                    {percent(after.passAt1)}
                                                    {after.passAt1Interval !== undefined && (
                                                        <span class="sub">± {percent(after.passAt1Interval)}</span>
                                                    )}
                                                </td>
                                                <td class="number">{percent(after.passAtK)}</td>
                                                <td class="number">{percent(after.consAtK)}</td>
                                                <td class="number">{percent(after.greedyAccuracy)}</td>
                                                <td class="number">{percent(after.format)}</td>
                                                <td class="number">{figure(after.meanLength)}</td>
                                                <td class="number">
                                                    {after.problems}
                                                    {after.samples > 0 && ` × ${after.samples}`}
                                                </td>
                                            </tr>
                                        )
                                    );
                                })}
                            </tbody>
                        </table>
                    </Scroll>
                </Panel>
            ))}
        </>
    );
}
