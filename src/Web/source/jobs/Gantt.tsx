import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Job } from "../api/jobs.ts";
import { clock, duration } from "../ui/format.ts";
import { lanes, timeTicks } from "./lanes.ts";
import { barsOf, type Bar } from "./bars.ts";

const LaneHeight = 20;
const Left = 92;
const Top = 22;
const TimeWidth = 72;

/** Jobs as bars over time, a lane a worker: where time goes, and what each waited for. */
export function Gantt({
    jobs,
    isLive,
    onChoose,
    chosen,
}: {
    jobs: readonly Job[];
    isLive: boolean;
    onChoose: (job: Job) => void;
    chosen: string | undefined;
}) {
    const box = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(800);
    const [now, setNow] = useState(Date.now);
    useLayoutEffect(() => {
        const watch = new ResizeObserver(() => setWidth(Math.max(480, box.current!.clientWidth)));
        watch.observe(box.current!);
        return () => watch.disconnect();
    }, []);
    useEffect(() => {
        if (!isLive) return;
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, [isLive]);
    const bars = barsOf(jobs, now);
    const rows = lanes(bars).lanes;
    const from = Math.min(...bars.map(bar => bar.from));
    const to = Math.max(from + 1000, ...bars.map(bar => bar.to));
    const x = (time: number): number => Left + ((time - from) / (to - from)) * (width - Left - 8);
    const isAtEdge = (at: number): boolean => at + TimeWidth > width;
    const height = Top + rows.length * LaneHeight + 6;
    const kinds = [...new Set(bars.filter(bar => bar.kind !== "queue").map(bar => bar.kind))];
    return (
        <>
            <ul class="gantt-key">
                {kinds.map(kind => (
                    <li key={kind}>
                        <span class={`swatch kind-${kindOf(kind)}`} aria-hidden="true" />
                        {kind}
                    </li>
                ))}
                <li>
                    <span class="swatch lost" aria-hidden="true" />
                    lost or failed
                </li>
                <li>
                    <span class="swatch queue" aria-hidden="true" />
                    waits for a worker
                </li>
            </ul>
            <div class="gantt" ref={box} tabIndex={0} role="group" aria-label="Jobs over time; the table below has the same figures">
                <svg width={width} height={height} role="presentation">
                    {timeTicks(from, to, Math.max(2, Math.floor((width - Left) / 110))).map(tick => (
                        <g key={tick}>
                            <line class="gantt-grid" x1={x(tick)} x2={x(tick)} y1={Top - 4} y2={height} />
                            <text
                                class="gantt-time"
                                // A mark at the right edge has its words before it, where they are seen whole.
                                x={x(tick) + (isAtEdge(x(tick)) ? -3 : 3)}
                                text-anchor={isAtEdge(x(tick)) ? "end" : "start"}
                                y={12}
                            >
                                {clock(tick)}
                            </text>
                        </g>
                    ))}
                    {rows.map((row, at) => (
                        <g key={`${row.group} ${at}`}>
                            {rows[at - 1]?.group !== row.group && (
                                <text class="gantt-lane" x={0} y={Top + at * LaneHeight + 14}>
                                    {row.group.slice(0, 14)}
                                </text>
                            )}
                            {row.spans.map(bar => (
                                <Block
                                    bar={bar}
                                    x={x}
                                    y={Top + at * LaneHeight + 3}
                                    isChosen={bar.job.jobId === chosen}
                                    onChoose={onChoose}
                                    key={bar.key}
                                />
                            ))}
                        </g>
                    ))}
                </svg>
            </div>
        </>
    );
}

function Block({
    bar,
    x,
    y,
    isChosen,
    onChoose,
}: {
    bar: Bar;
    x: (time: number) => number;
    y: number;
    isChosen: boolean;
    onChoose: (job: Job) => void;
}) {
    const wide = Math.max(2, x(bar.to) - x(bar.from) - 0.5);
    const name = bar.kind === "queue" ? "queue" : bar.outcome === "won" || bar.outcome === "running" ? `kind-${kindOf(bar.kind)}` : "lost";
    return (
        <rect
            class={`block ${name}${bar.outcome === "running" ? " live" : ""}${isChosen ? " chosen" : ""}`}
            x={x(bar.from)}
            y={bar.kind === "queue" ? y + 5 : y}
            rx={2}
            width={wide}
            height={bar.kind === "queue" ? 4 : LaneHeight - 6}
            onClick={() => onChoose(bar.job)}
        >
            <title>{wordsOf(bar)}</title>
        </rect>
    );
}

function wordsOf(bar: Bar): string {
    const what = bar.kind === "queue" ? "waited" : bar.outcome;
    return `${bar.job.jobId}\n${what} ${duration((bar.to - bar.from) / 1000)}, ${clock(bar.from)} to ${clock(bar.to)}`;
}

const Kinds = ["rollout", "update", "gradient", "evaluate", "pretrain", "sft", "collect", "import"];

/** The colour of a kind of job: kinds such as final-evaluate or gradient-3 have that of their family. */
function kindOf(kind: string): number {
    const family = Kinds.findIndex(one => kind.includes(one));
    return family < 0 ? Kinds.length - 1 : family;
}
