import { useState } from "preact/hooks";
import { pathOf, post } from "../api/client.ts";
import type { RunView } from "../api/types.ts";
import { formatRoute, go } from "../state/route.ts";
import { Dialog, Trouble } from "../ui/parts.tsx";
import { settingsOf } from "./settings.ts";

/** Starts a run that goes on from one of this run's checkpoints with other settings. */
export function ForkDialog({ run, at, onClose }: { run: RunView; at?: { stage: string; iteration: number }; onClose: () => void }) {
    const begun = run.stages.filter(stage => stage.status !== "pending");
    const likely = begun.findLast(one => one.kind === "rl") ?? begun.at(-1) ?? run.stages[0];
    const [stage, setStage] = useState(at?.stage ?? likely?.name ?? "");
    const [iteration, setIteration] = useState(at ? String(at.iteration) : "");
    const [settings, setSettings] = useState("");
    const [name, setName] = useState("");
    const [error, setError] = useState<Error>();
    const [isBusy, setBusy] = useState(false);
    const { set, wrong } = settingsOf(settings);
    const fork = async (): Promise<void> => {
        setBusy(true);
        setError(undefined);
        const order = { at: iteration ? `${stage}:${iteration}` : stage, ...(Object.keys(set).length > 0 ? { set } : {}) };
        try {
            const made = await post<RunView>(pathOf(["runs", run.id, "fork"]), JSON.stringify(name ? { ...order, name } : order));
            onClose();
            go(formatRoute(["runs", made.id]));
        } catch (caught) {
            setError(caught as Error);
            setBusy(false);
        }
    };
    return (
        <Dialog title={`Fork ${run.id}`} onClose={onClose}>
            <form
                method="dialog"
                onSubmit={event => {
                    event.preventDefault();
                    void fork();
                }}
            >
                <p>A run that begins with what this one has done, and goes on from there with other settings. This run is not touched.</p>
                <div class="row wrap">
                    <label class="field">
                        From stage
                        <select value={stage} onChange={event => setStage(event.currentTarget.value)}>
                            {run.stages.map(one => (
                                <option value={one.name} key={one.name}>
                                    {one.name}
                                </option>
                            ))}
                        </select>
                    </label>
                    <label class="field">
                        Iteration
                        <input
                            class="step"
                            inputMode="numeric"
                            pattern="\d*"
                            value={iteration}
                            placeholder="latest"
                            onInput={event => setIteration(event.currentTarget.value.trim())}
                        />
                    </label>
                    <label class="field">
                        Run id
                        <input
                            value={name}
                            placeholder="from the order"
                            spellcheck={false}
                            autocomplete="off"
                            onInput={event => setName(event.currentTarget.value.trim())}
                        />
                    </label>
                </div>
                <label class="field tall">
                    Other settings, a line each
                    <textarea
                        class="settings"
                        rows={4}
                        spellcheck={false}
                        value={settings}
                        placeholder={`stages.${stage}.optimizer.learningRate=1e-4`}
                        onInput={event => setSettings(event.currentTarget.value)}
                    />
                </label>
                {wrong.length > 0 && <p class="bad">A setting is PATH=VALUE: {wrong[0]}</p>}
                {error && <Trouble error={error} />}
                <div class="row end">
                    <button type="button" onClick={onClose}>
                        Leave it
                    </button>
                    <button type="submit" class="main" disabled={isBusy || wrong.length > 0 || !stage}>
                        {isBusy ? "…" : "Start the fork"}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
