/** What a fork's settings say, a line each as `PATH=VALUE`: the value is JSON, or else a text, as `r1 fork --set` takes it. */
export function settingsOf(text: string): { set: Record<string, unknown>; wrong: string[] } {
    const set: Record<string, unknown> = {};
    const wrong: string[] = [];
    for (const line of text.split("\n").map(one => one.trim())) {
        if (line === "") continue;
        const at = line.indexOf("=");
        const path = line.slice(0, Math.max(0, at)).trim();
        if (path === "") wrong.push(line);
        else set[path] = valueOf(line.slice(at + 1).trim());
    }
    return { set, wrong };
}

function valueOf(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
