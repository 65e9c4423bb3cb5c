import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { colour, onTheme } from "../state/theme.ts";
import { figure } from "../ui/format.ts";
import { save } from "../ui/parts.tsx";
import { toCsv } from "./csv.ts";
import type { Curve } from "./curve.ts";
import { sharedPrefix } from "./prefix.ts";
import { align, smooth } from "./smooth.ts";

export interface ChartProps {
    title: string;
    curves: readonly Curve[];
    height?: number;
    log?: boolean;
    stacked?: boolean;
    smoothing?: number;
    range?: { from?: number | undefined; to?: number | undefined };
    onRange?: (range: { from: number; to: number } | undefined) => void;
    /** A point was clicked: its step. */
    onPick?: (step: number) => void;
    tools?: boolean;
}

const Hues = 8;
const Cursor = uPlot.sync("run");

/** Curves over steps: hover tells the figures, dragging takes a range, a double click takes it back, a click picks a step. */
export function Chart(props: ChartProps) {
    const { title, curves, height = 200, log = false, stacked = false, smoothing = 0, range, tools = true } = props;
    const box = useRef<HTMLDivElement>(null);
    const chart = useRef<uPlot>(undefined);
    const latest = useRef(props);
    latest.current = props;
    // The legend alone is drawn again while the pointer moves.
    const hover = useRef<(at: number | undefined) => void>(() => {});
    const [turn, setTurn] = useState(0);
    useEffect(() => onTheme(() => setTurn(before => before + 1)), []);

    const isSeen = useIsSeen(box);
    const shape = curves.map(curve => `${curve.name} ${curve.hue} ${curve.points ?? ""}${curve.dashed ?? ""}`).join("\n");
    // Series grow in place: what tells that there is something new to draw is their length and their end.
    const content = curves.map(curve => `${curve.steps.length} ${curve.steps[0]} ${curve.steps.at(-1)} ${curve.values.at(-1)}`).join("\n");
    const data = useMemo(
        () => (isSeen ? dataOf(curves, stacked, smoothing) : undefined),
        [isSeen, shape, content, stacked, smoothing, curves[0]?.values],
    );

    useLayoutEffect(() => {
        const element = box.current!;
        if (!data) return;
        const options = optionsOf(latest.current, element.clientWidth || 320, height, place => hover.current(place));
        const made = (chart.current = new uPlot(options, data as uPlot.AlignedData, element));
        Cursor.sub(made);
        const watch = new ResizeObserver(() => made.width !== element.clientWidth && made.setSize({ width: element.clientWidth, height }));
        watch.observe(element);
        return () => {
            chart.current = undefined;
            watch.disconnect();
            Cursor.unsub(made);
            made.destroy();
        };
    }, [isSeen, shape, log, stacked, smoothing > 0, height, turn]);

    useLayoutEffect(() => {
        const own = chart.current;
        if (!own || !data) return;
        const steps = data[0] as number[];
        const [first, last] = [range?.from ?? steps[0] ?? 0, range?.to ?? steps.at(-1) ?? 1];
        own.batch(() => {
            own.setData(data as uPlot.AlignedData, false);
            own.setScale("x", { min: first, max: Math.max(last, first + 1) });
        });
    }, [data, range?.from, range?.to, log, height, turn]);

    const words = curves.map(curve => `${curve.name} ${figure(lastOf(curve.values))} at step ${curve.steps.at(-1) ?? 0}`);
    const name = `${title}: ${words.join(", ")}`;
    return (
        <figure class="chart">
            <figcaption>
                <span class="chart-title">{title}</span>
                <Legend curves={curves} steps={(data?.[0] ?? []) as number[]} hover={hover} />
                {tools && (
                    <span class="chart-tools">
                        <button type="button" class="quiet small" onClick={() => saveCsv(title, curves)} aria-label={`${title} as CSV`}>
                            CSV
                        </button>
                        <button
                            type="button"
                            class="quiet small"
                            onClick={() => chart.current && savePng(title, chart.current)}
                            aria-label={`${title} as PNG`}
                        >
                            PNG
                        </button>
                    </span>
                )}
            </figcaption>
            <div
                ref={box}
                class="chart-box"
                style={{ minHeight: `${height}px` }}
                role="img"
                aria-label={name}
                onDblClick={() => props.onRange?.(undefined)}
            />
        </figure>
    );
}

// Charts far below the window's edge cost nothing.
function useIsSeen(box: { current: HTMLElement | null }): boolean {
    const [isSeen, setSeen] = useState(false);
    useEffect(() => {
        const watch = new IntersectionObserver(entries => setSeen(entries.at(-1)!.isIntersecting), { rootMargin: "300px" });
        watch.observe(box.current!);
        return () => watch.disconnect();
    }, []);
    return isSeen;
}

interface LegendProps {
    curves: readonly Curve[];
    steps: readonly number[];
    hover: { current: (at: number | undefined) => void };
}

function Legend({ curves, steps, hover }: LegendProps) {
    const [at, setAt] = useState<number>();
    hover.current = setAt;
    const step = at === undefined ? undefined : steps[at];
    const prefix = sharedPrefix(curves.map(curve => curve.name));
    return (
        <span class="legend">
            {step !== undefined && <span class="legend-step">step {step.toLocaleString("en")}</span>}
            {curves.map(curve => (
                <span class="legend-item" key={curve.name}>
                    <span class={`swatch hue-${curve.hue % Hues}${curve.points ? " round" : ""}`} aria-hidden="true" />
                    <bdi>{curve.legend ?? curve.name.slice(prefix)}</bdi>{" "}
                    <b>{figure(step === undefined ? lastOf(curve.values) : valueAt(curve, step))}</b>
                </span>
            ))}
        </span>
    );
}

function optionsOf(props: ChartProps, width: number, height: number, setAt: (at: number | undefined) => void): uPlot.Options {
    const [ink, line] = [colour("--muted"), colour("--line")];
    const smoothed = (props.smoothing ?? 0) > 0;
    const series: uPlot.Series[] = [{}];
    for (const curve of props.curves) {
        const stroke = colour(`--hue-${curve.hue % Hues}`);
        const own: uPlot.Series = { stroke, width: 1.4, spanGaps: true, points: { show: false } };
        if (curve.points)
            Object.assign(own, {
                paths: () => null,
                points: { show: true, size: 9, fill: stroke, stroke: colour("--surface"), width: 1.5 },
            });
        if (curve.dashed) own.dash = [5, 4];
        if (props.stacked) Object.assign(own, { fill: stroke, width: 0.5 });
        series.push(own);
        if (smoothed && !props.stacked && !curve.points) {
            series.splice(-1, 0, { ...own, stroke: stroke, alpha: 0.22, width: 1 });
        }
    }
    const axis: uPlot.Axis = {
        stroke: ink,
        font: `11px ${getComputedStyle(document.body).fontFamily}`,
        grid: { stroke: line, width: 1 },
        ticks: { stroke: line, width: 1, size: 4 },
    };
    return {
        width,
        height,
        series,
        legend: { show: false },
        scales: { x: { time: false }, y: props.log ? { distr: 3 } : { range: (_, min, max) => room(min, max, props.stacked ?? false) } },
        axes: [
            {
                ...axis,
                size: 28,
                space: 60,
                values: (_, ticks) => ticks.map(tick => (Number.isInteger(tick) ? tick.toLocaleString("en") : "")),
            },
            { ...axis, size: 52, space: 34, values: (_, ticks) => ticks.map(tick => (tick === null ? "" : figure(tick))) },
        ],
        cursor: {
            sync: { key: Cursor.key, scales: ["x", null] },
            drag: { x: true, y: false, setScale: false },
            points: { size: 6 },
            y: false,
        },
        hooks: {
            ready: [chart => pick(chart, step => props.onPick?.(step))],
            setCursor: [chart => setAt(chart.cursor.idx ?? undefined)],
            setSelect: [
                chart => {
                    if (chart.select.width < 8) return;
                    const range = {
                        from: Math.round(chart.posToVal(chart.select.left, "x")),
                        to: Math.round(chart.posToVal(chart.select.left + chart.select.width, "x")),
                    };
                    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                    if (range.to > range.from) props.onRange?.(range);
                },
            ],
        },
    };
}

// A click; where the pointer has moved meanwhile it was a range.
function pick(chart: uPlot, picked: (step: number) => void): void {
    let from = 0;
    chart.over.addEventListener("mousedown", event => (from = event.clientX));
    chart.over.addEventListener("click", event => {
        const at = chart.cursor.idx;
        if (Math.abs(event.clientX - from) < 4 && at !== undefined && at !== null) picked(chart.data[0][at]!);
    });
}

// A little room above and below; a flat line gets some, too.
function room(min: number | null, max: number | null, fromZero: boolean): [number, number] {
    if (min === null || max === null) return [0, 1];
    if (fromZero) return [0, max * 1.05 || 1];
    const pad = (max - min) * 0.08 || Math.abs(max) * 0.1 || 0.5;
    return [min >= 0 && min - pad < 0 ? 0 : min - pad, max + pad];
}

function dataOf(curves: readonly Curve[], stacked: boolean, smoothing: number): (number | null)[][] {
    const columns = curves.flatMap(curve => {
        const raw = { steps: curve.steps, values: curve.values };
        if (stacked || curve.points || smoothing === 0) return [raw];
        return [raw, { steps: curve.steps, values: smooth(curve.values, smoothing) }];
    });
    const data = align(columns);
    if (!stacked) return data;
    // Each on those before it, the whole drawn first so that the parts lie over it.
    for (let column = data.length - 2; column >= 1; column--) {
        const [own, above] = [data[column]!, data[column + 1]!];
        data[column] = own.map((value, row) => (value ?? 0) + (above[row] ?? 0));
    }
    return data;
}

const lastOf = (values: readonly number[]): number | undefined => values.at(-1);

function valueAt(curve: Curve, step: number): number | undefined {
    let at = curve.steps.length - 1;
    while (at >= 0 && curve.steps[at]! > step) at--;
    return at < 0 ? undefined : curve.values[at];
}

const fileName = (title: string, ending: string): string => `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.${ending}`;

function saveCsv(title: string, curves: readonly Curve[]): void {
    save(fileName(title, "csv"), new Blob([toCsv(curves)], { type: "text/csv" }));
}

// The canvas has no ground of its own.
function savePng(title: string, chart: uPlot): void {
    const source = chart.ctx.canvas;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [source.width, source.height];
    const context = canvas.getContext("2d")!;
    context.fillStyle = colour("--surface");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0);
    canvas.toBlob(blob => blob && save(fileName(title, "png"), blob));
}
