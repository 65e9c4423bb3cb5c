import { useEffect, useState } from "preact/hooks";
import { setValues } from "../state/route.ts";

const Names = ["correct", "truncated", "min", "max", "text", "prompts", "sort"] as const;

/** What an address says of the filter, as the API takes it. */
export const filterOf = (values: Record<string, string>): Record<string, string | undefined> => ({
    correct: values["correct"],
    truncated: values["truncated"],
    minReward: values["min"],
    maxReward: values["max"],
    text: values["text"],
    prompts: values["prompts"],
    sort: values["sort"],
});

/** Which samples are shown, and in which order. */
export function Filters({ values, sources }: { values: Record<string, string>; sources: readonly string[] }) {
    const set = (name: (typeof Names)[number], value: string): void => setValues({ [name]: value || undefined, after: undefined });
    const choice = (name: (typeof Names)[number], label: string, options: readonly [string, string][]) => (
        <label class="field">
            {label}
            <select value={values[name] ?? ""} onChange={event => set(name, event.currentTarget.value)}>
                {options.map(([value, text]) => (
                    <option value={value} key={value}>
                        {text}
                    </option>
                ))}
            </select>
        </label>
    );
    const named = [...new Set([...sources, ...(values["prompts"] ? [values["prompts"]] : [])])];
    const isFiltered = Names.some(name => values[name]);
    return (
        <div class="filters">
            <Typed label="Contains" value={values["text"] ?? ""} onChange={text => set("text", text)} type="search" />
            {choice("correct", "Answer", [
                ["", "any"],
                ["true", "right"],
                ["false", "wrong"],
            ])}
            {choice("truncated", "Length", [
                ["", "any"],
                ["true", "cut off"],
                ["false", "finished"],
            ])}
            <Typed label="Reward from" value={values["min"] ?? ""} onChange={text => set("min", text)} type="number" />
            <Typed label="to" value={values["max"] ?? ""} onChange={text => set("max", text)} type="number" />
            {named.length > 0 &&
                choice("prompts", "Source", [["", "any"], ...named.map((one): [string, string] => [one, one])])}
            {choice("sort", "Order", [
                ["", "question"],
                ["-reward", "highest reward"],
                ["reward", "lowest reward"],
                ["-length", "longest"],
                ["length", "shortest"],
                ["-advantage", "highest advantage"],
                ["advantage", "lowest advantage"],
            ])}
            {isFiltered && (
                <button
                    type="button"
                    class="small"
                    onClick={() => setValues(Object.fromEntries([...Names, "after"].map(name => [name, undefined])))}
                >
                    Clear
                </button>
            )}
        </div>
    );
}

function Typed({
    label,
    value,
    onChange,
    type,
}: {
    label: string;
    value: string;
    onChange: (value: string) => void;
    type: "search" | "number";
}) {
    const [text, setText] = useState(value);
    useEffect(() => setText(value), [value]);
    useEffect(() => {
        if (text === value) return;
        const timer = setTimeout(() => onChange(text), 300);
        return () => clearTimeout(timer);
    }, [text]);
    return (
        <label class="field">
            {label}
            {type === "number" ? (
                <input type="number" step="any" class="step" value={text} onInput={event => setText(event.currentTarget.value)} />
            ) : (
                <input type="search" value={text} onInput={event => setText(event.currentTarget.value)} />
            )}
        </label>
    );
}
