import { useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { Difference, Differences } from "../api/types.ts";
import { useLoaded } from "../state/hooks.ts";
import { formatRoute, setValues, type Route } from "../state/route.ts";
import { RunInput } from "./RunInput.tsx";
import { Empty, Panel, Trouble, Waiting } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

/** In what the recipes of two runs differ. */
export function Compare({ route }: { route: Route }) {
    const { from = "", to = "" } = route.values;
    const [first, setFirst] = useState(from);
    const [second, setSecond] = useState(to);
    const found = useLoaded(from && to ? `${from} ${to}` : undefined, signal =>
        get<Differences>(pathOf(["runs", from, "recipe", "differences"], { to }), signal),
    );
    return (
        <div class="view">
            <div class="head">
                <h1>Compare two runs</h1>
            </div>
            <form
                class="row wrap"
                onSubmit={event => {
                    event.preventDefault();
                    setValues({ from: first.trim(), to: second.trim() });
                }}
            >
                <RunInput label="From" value={first} onChange={setFirst} />
                <RunInput label="To" value={second} onChange={setSecond} />
                <button type="submit" class="main" disabled={!first.trim() || !second.trim()}>
                    Compare
                </button>
                {from && to && (
                    <a class="button" href={formatRoute(["runs", from, "curves"], { with: to })}>
                        Overlay their curves
                    </a>
                )}
            </form>
            {found.error && <Trouble error={found.error} again={found.again} />}
            {found.isLoading && <Waiting what="the recipes" />}
            {!from || !to ? (
                <Empty title="Name two runs.">
                    Or choose them in the <a href="#/runs">list</a>.
                </Empty>
            ) : null}
            {found.value &&
                (found.value.differences.length === 0 ? (
                    <Empty title="Their recipes are the same." />
                ) : (
                    <Panel title={`${found.value.differences.length}${found.value.more ? "+" : ""} differences`}>
                        <Scroll class="table-box">
                            <table class="differences">
                                <thead>
                                    <tr>
                                        <th scope="col">Field</th>
                                        <th scope="col">
                                            <bdi>{from}</bdi>
                                        </th>
                                        <th scope="col">
                                            <bdi>{to}</bdi>
                                        </th>
                                    </tr>
                                </thead>
                                <tbody>
                                    {found.value.differences.map(one => (
                                        <Line difference={one} key={one.path} />
                                    ))}
                                </tbody>
                            </table>
                        </Scroll>
                    </Panel>
                ))}
        </div>
    );
}

function Line({ difference }: { difference: Difference }) {
    return (
        <tr>
            <th scope="row">
                <code>{difference.path}</code>
            </th>
            <td>
                <Value of={difference.from} kind="gone" />
            </td>
            <td>
                <Value of={difference.to} kind="new" />
            </td>
        </tr>
    );
}

function Value({ of, kind }: { of: unknown; kind: "gone" | "new" }) {
    if (of === undefined) return <span class="muted">not there</span>;
    return (
        <Scroll as="pre" class={`value ${kind}`}>
            {typeof of === "object" ? JSON.stringify(of, null, 2) : JSON.stringify(of)}
        </Scroll>
    );
}
