/** Where the page stands: a path of parts and named values, all of it in the fragment (`#/runs/ID/curves?stage=rl`). */
export interface Route {
    parts: string[];
    values: Record<string, string>;
}

/** Reads a fragment; what cannot be read stands as it is. */
export function parseRoute(hash: string): Route {
    const text = hash.replace(/^#/, "");
    const mark = text.indexOf("?");
    const path = mark < 0 ? text : text.slice(0, mark);
    const values: Record<string, string> = {};
    if (mark >= 0) for (const [name, value] of new URLSearchParams(text.slice(mark + 1))) values[name] = value;
    return {
        parts: path
            .split("/")
            .filter(part => part !== "")
            .map(decode),
        values,
    };
}

/** A fragment; values that are empty stay out of it. */
export function formatRoute(parts: readonly string[], values: Record<string, string | undefined> = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== "") query.set(name, value);
    const text = query.toString();
    return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Goes elsewhere, or with `replace` changes the place without a step in the history. */
export function go(route: string, replace = false): void {
    if (route === location.hash) return;
    if (!replace) {
        location.hash = route;
        return;
    }
    history.replaceState(null, "", route);
    dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Changes some values of where the page stands. */
export function setValues(changes: Record<string, string | undefined>): void {
    const route = parseRoute(location.hash);
    go(formatRoute(route.parts, { ...route.values, ...changes }), true);
}

function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}
