import { useEffect, useState } from "preact/hooks";
import { ForkDialog } from "../run/ForkDialog.tsx";
import { RunStore } from "../run/runStore.ts";
import { RunInput } from "../runs/RunInput.tsx";
import { useChanges } from "../state/hooks.ts";
import { keyOfStep } from "../samples/sets.ts";
import { formatRoute, setValues, type Route } from "../state/route.ts";
import { Empty, Trouble } from "../ui/parts.tsx";
import { Chart } from "./Chart.tsx";
import { NameList } from "./NameList.tsx";
import { expand, panelsOf, type PanelSpec } from "./panels.ts";
import { controlsOf } from "./controls.ts";
import { stageToShow } from "./stages.ts";
import { curvesOf, labelIn, type Shown } from "./shown.ts";
import { useControls, useNames, useSeries } from "./useCurves.ts";

/** A run's curves, alone or over those of other runs. */
export function CurvesView({ store, route }: { store: RunStore; route: Route }) {
    const { values } = route;
    const others = (values["with"] ?? "").split(",").filter(id => id && id !== store.id);
    const shown = useShown(store, others);
    const stages = store.run?.stages ?? [];
    const stage = stageToShow(stages, values["stage"], store.series.names);
    const namesIn = (one: Shown): Iterable<string> => one.store.series.names.get(labelIn(one.store, store, stage!)) ?? [];
    const known = new Set(stage === undefined ? [] : shown.flatMap(one => [...namesIn(one)]));
    const own = (values["names"] ?? "").split(",").filter(Boolean);
    const chosen = own.map(name => ({ title: name, names: expand([name], known) }));
    const panels: PanelSpec[] = own.length > 0 ? chosen : panelsOf(known, shown.length);
    const range = rangeOf(values);
    const error = useSeries(shown, stage, useNames(panels), range);
    const controls = controlsOf(stages, stage);
    useControls(store, controls, panels, range);
    const smoothing = Number(values["smooth"] ?? 0) || 0;
    const log = values["log"] === "1";
    const onRange = (next: { from: number; to: number } | undefined): void =>
        setValues({ from: next && String(next.from), to: next && String(next.to) });

    return (
        <div class="curves">
            <div class="curves-bar">
                <label class="field">
                    Stage
                    <select
                        value={stage}
                        onChange={event => setValues({ stage: event.currentTarget.value, from: undefined, to: undefined })}
                    >
                        {[...new Set([...stages.map(one => one.label), ...store.series.names.keys()])].map(label => (
                            <option value={label} key={label}>
                                {label}
                            </option>
                        ))}
                    </select>
                </label>
                <label class="field">
                    Smoothing <span class="muted">{smoothing || "off"}</span>
                    <input
                        type="range"
                        min="0"
                        max="0.99"
                        step="0.01"
                        value={smoothing}
                        onInput={event => setValues({ smooth: event.currentTarget.value === "0" ? undefined : event.currentTarget.value })}
                    />
                </label>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={log}
                        onChange={event => setValues({ log: event.currentTarget.checked ? "1" : undefined })}
                    />{" "}
                    Log scale
                </label>
                <Range values={values} onRange={onRange} />
                <Step store={store} stage={stage} step={values["step"]} />
                <Overlays shown={shown} others={others} />
            </div>
            {error && <Trouble error={error} />}
            <div class="curves-grid">
                <NameList known={known} chosen={own} />
                <div class="charts">
                    {stage === undefined || panels.length === 0 ? (
                        <Empty title="No figures yet.">They come with the first step of a stage.</Empty>
                    ) : (
                        panels.map(panel => (
                            <Chart
                                key={panel.title}
                                title={panel.title}
                                curves={curvesOf(shown, stage, panel, controls)}
                                log={log && !panel.stacked}
                                stacked={panel.stacked ?? false}
                                smoothing={smoothing}
                                range={range}
                                onRange={onRange}
                                onPick={step => setValues({ step: String(step) })}
                            />
                        ))
                    )}
                </div>
            </div>
        </div>
    );
}

function rangeOf(values: Record<string, string>): { from?: number; to?: number } {
    const range: { from?: number; to?: number } = {};
    if (/^\d+$/.test(values["from"] ?? "")) range.from = Number(values["from"]);
    if (/^\d+$/.test(values["to"] ?? "")) range.to = Number(values["to"]);
    return range;
}

function Range({ values, onRange }: { values: Record<string, string>; onRange: (range: undefined) => void }) {
    const input = (name: "from" | "to", text: string) => (
        <label class="field">
            {text}
            <input
                class="step"
                inputMode="numeric"
                pattern="\d*"
                value={values[name] ?? ""}
                placeholder={name === "from" ? "first" : "last"}
                onChange={event => setValues({ [name]: /^\d+$/.test(event.currentTarget.value) ? event.currentTarget.value : undefined })}
            />
        </label>
    );
    return (
        <>
            {input("from", "From step")}
            {input("to", "To step")}
            {(values["from"] || values["to"]) && (
                <button type="button" class="small" onClick={() => onRange(undefined)}>
                    All steps
                </button>
            )}
        </>
    );
}

// The step that was clicked, or is written here, and the way to what was sampled for it, and to another way from there.
function Step({ store, stage, step }: { store: RunStore; stage: string | undefined; step: string | undefined }) {
    const [isForking, setForking] = useState(false);
    const isStep = /^\d+$/.test(step ?? "");
    const own = store.run?.stages.find(one => one.label === stage);
    return (
        <>
            <label class="field">
                Step
                <input
                    class="step"
                    inputMode="numeric"
                    pattern="\d*"
                    value={step ?? ""}
                    placeholder="click"
                    onChange={event => setValues({ step: /^\d+$/.test(event.currentTarget.value) ? event.currentTarget.value : undefined })}
                />
            </label>
            {isStep && stage !== undefined && (
                <a href={formatRoute(["runs", store.id, "samples"], { set: keyOfStep(stage, Number(step)) })}>Samples of step {step}</a>
            )}
            {isStep && own?.kind === "rl" && (
                <button type="button" class="small" onClick={() => setForking(true)}>
                    Fork from step {step}
                </button>
            )}
            {isForking && own && (
                <ForkDialog run={store.run!} at={{ stage: own.name, iteration: Number(step) }} onClose={() => setForking(false)} />
            )}
        </>
    );
}

function Overlays({ shown, others }: { shown: readonly Shown[]; others: readonly string[] }) {
    const [text, setText] = useState("");
    return (
        <form
            class="overlays"
            onSubmit={event => {
                event.preventDefault();
                if (text.trim()) setValues({ with: [...new Set([...others, text.trim()])].join(",") });
                setText("");
            }}
        >
            <RunInput label="Overlay a run" value={text} onChange={setText} />
            <button type="submit" class="small" disabled={!text.trim()}>
                Add
            </button>
            {shown.slice(1).map((one, at) => (
                <span class="chip" key={one.store.id}>
                    <span class={`swatch hue-${(at + 1) % 8}`} aria-hidden="true" />
                    <bdi>{one.label}</bdi>
                    {one.store.error && <span class="bad"> not found</span>}
                    <button
                        type="button"
                        class="quiet"
                        aria-label={`Take ${one.label} away`}
                        onClick={() => setValues({ with: others.filter(id => id !== one.store.id).join(",") || undefined })}
                    >
                        ×
                    </button>
                </span>
            ))}
        </form>
    );
}

// Other runs are followed like the run itself, as long as they are shown.
function useShown(store: RunStore, others: readonly string[]): Shown[] {
    const [stores, setStores] = useState<RunStore[]>([]);
    const key = others.join(",");
    useEffect(() => {
        const made = others.map(id => new RunStore(id));
        setStores(made);
        return () => made.forEach(one => one.close());
    }, [key]);
    useChanges(listener => {
        const leave = stores.map(one => one.subscribe(listener));
        return () => leave.forEach(end => end());
    }, stores);
    return [store, ...stores].map(one => ({ store: one, label: one.id }));
}
