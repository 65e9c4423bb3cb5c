import { useState } from "preact/hooks";
import { setValues } from "../state/route.ts";

/** All figures of a stage, to choose from; none chosen shows the usual charts. */
export function NameList({ known, chosen }: { known: ReadonlySet<string>; chosen: readonly string[] }) {
    const [filter, setFilter] = useState("");
    const names = [...known].sort().filter(name => name.toLowerCase().includes(filter.toLowerCase()));
    const toggle = (name: string): void => {
        const next = chosen.includes(name) ? chosen.filter(other => other !== name) : [...chosen, name];
        setValues({ names: next.join(",") || undefined });
    };
    return (
        <details class="names" open={matchMedia("(min-width: 60rem)").matches}>
            <summary>Figures {chosen.length > 0 && <span class="muted">{chosen.length} chosen</span>}</summary>
            <input
                type="search"
                placeholder="Find"
                aria-label="Find a figure"
                value={filter}
                onInput={event => setFilter(event.currentTarget.value)}
            />
            {chosen.length > 0 && (
                <button type="button" class="small" onClick={() => setValues({ names: undefined })}>
                    Usual charts
                </button>
            )}
            <ul>
                {names.map(name => (
                    <li key={name}>
                        <label class="check">
                            <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
                            <bdi>{name}</bdi>
                        </label>
                    </li>
                ))}
            </ul>
        </details>
    );
}
