import { useId } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { RunList } from "../api/types.ts";
import { useLoaded } from "../state/hooks.ts";

/** A field for a run's id that proposes the newest runs. */
export function RunInput({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
    const id = useId();
    const list = useLoaded("runs", signal => get<RunList>(pathOf(["runs"], { limit: 100 }), signal));
    return (
        <span class="field">
            <label for={id}>{label}</label>
            <input
                id={id}
                list={`${id}-list`}
                value={value}
                spellcheck={false}
                autocomplete="off"
                onInput={event => onChange(event.currentTarget.value)}
            />
            <datalist id={`${id}-list`}>
                {list.value?.runs.map(run => (
                    <option value={run.id} key={run.id} />
                ))}
            </datalist>
        </span>
    );
}
