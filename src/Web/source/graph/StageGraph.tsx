import type { StageView } from "../api/types.ts";
import { toNumber } from "../curves/series.ts";
import { formatRoute } from "../state/route.ts";
import { percent } from "../ui/format.ts";
import { visible } from "../ui/visible.ts";
import { Badge, Progress } from "../ui/parts.tsx";
import { layout } from "./layout.ts";

const Width = 200;
const Height = 92;
const GapX = 56;
const GapY = 20;

/** What the map shows apart of a stage: a stage that was taken over has not run here. */
const stateOf = (stage: StageView): string => (stage.reusedFrom && stage.status === "completed" ? "reused" : stage.status);

/** What a stage gives to one that builds on it. */
const roleOf = (stage: StageView, name: string): string => stage.needs?.find(one => one.stage === name)?.as ?? "model";

/** The stages of a run as a map of what builds on what. */
export function StageGraph({ runId, stages }: { runId: string; stages: readonly StageView[] }) {
    const needs = (stage: StageView): string[] => stage.needs?.map(need => need.stage) ?? (stage.from ? [stage.from] : []);
    const map = layout(stages.map(stage => ({ name: stage.name, needs: needs(stage) })));
    const places = new Map(map.places.map(place => [place.name, place]));
    const x = (name: string): number => places.get(name)!.column * (Width + GapX);
    const y = (name: string): number => places.get(name)!.row * (Height + GapY);
    const size = { width: map.columns * (Width + GapX) - GapX, height: map.rows * (Height + GapY) - GapY };
    return (
        <div class="graph-box" tabIndex={0} role="group" aria-label="Stages: what builds on what">
            <div class="graph" style={{ width: `${size.width}px`, height: `${size.height}px` }}>
                <svg width={size.width} height={size.height} aria-hidden="true">
                    {stages.flatMap(stage =>
                        needs(stage)
                            .filter(name => places.has(name))
                            .map(name => {
                                const [x1, y1, x2, y2] = [x(name) + Width, y(name) + Height / 2, x(stage.name), y(stage.name) + Height / 2];
                                const bend = Math.max(24, (x2 - x1) / 2);
                                return (
                                    <path
                                        class={`edge as-${roleOf(stage, name)}`}
                                        d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
                                        key={`${name} ${stage.name}`}
                                    />
                                );
                            }),
                    )}
                </svg>
                <ol>
                    {stages.map(stage => (
                        <li
                            class={`node ${stateOf(stage)}`}
                            style={{ left: `${x(stage.name)}px`, top: `${y(stage.name)}px`, width: `${Width}px`, height: `${Height}px` }}
                            key={stage.name}
                        >
                            <Node runId={runId} stage={stage} needs={needs(stage)} />
                        </li>
                    ))}
                </ol>
            </div>
        </div>
    );
}

function Node({ runId, stage, needs }: { runId: string; stage: StageView; needs: string[] }) {
    const pass = stage.metrics["eval/pass_at_1"] ?? stage.metrics["eval/greedy_accuracy"];
    const origin = stage.reusedFrom;
    return (
        <>
            <a
                class="node-name"
                href={formatRoute(["runs", runId, "curves"], { stage: stage.label })}
                title={needs.length > 0 ? `builds on ${needs.map(name => `${name} (${roleOf(stage, name)})`).join(", ")}` : undefined}
            >
                <bdi>{stage.label}</bdi>
            </a>
            <span class="node-kind">
                {stage.kind}
                {stage.phase && stage.status === "running" ? ` · ${stage.phase}` : ""}
            </span>
            <span class="node-foot">
                <Badge state={stateOf(stage)} />
                {pass !== undefined ? (
                    <span class="node-pass" title="pass@1">
                        {percent(toNumber(pass))}
                    </span>
                ) : stage.total > 0 && stage.status !== "pending" ? (
                    <span class="muted">
                        {stage.done} / {stage.total}
                    </span>
                ) : null}
            </span>
            {origin ? (
                <span class="sub clip">
                    from <a href={formatRoute(["runs", origin.runId])}>{origin.runId}</a>
                </span>
            ) : stage.error ? (
                <span class="sub bad clip" title={visible(stage.error)}>
                    {visible(stage.error)}
                </span>
            ) : stage.status === "running" || stage.status === "evaluating" ? (
                <Progress done={stage.done} total={stage.total} label={`Progress of ${stage.label}`} state={stage.status} />
            ) : stage.reason ? (
                <span class="sub clip" title={stage.reason}>
                    {stage.reason}
                </span>
            ) : null}
        </>
    );
}
