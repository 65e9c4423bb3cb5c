const Name = "r1-key";
const listeners = new Set<() => void>();

/** The key of the host, as long as this tab lives. */
export const key = (): string | undefined => sessionStorage.getItem(Name) ?? undefined;

/** Why requests were refused since the last key was given: the key, or that nobody is signed in (where the platform asks for that). */
export let refused: "key" | "sign-in" | undefined;

/** Keeps a key for this tab. */
export function keepKey(text: string): void {
    sessionStorage.setItem(Name, text.trim());
    refused = undefined;
    tell();
}

/** Takes note of a refusal, and forgets a key that the host refused, unless a newer one is here by now. */
export function refuse(sent: string | undefined, why: "key" | "sign-in"): void {
    if (key() !== sent) return;
    if (why === "key") sessionStorage.removeItem(Name);
    refused = why;
    tell();
}

/** Calls when the key was given or refused. */
export function onKey(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

/**
 * Moves the key from the address's fragment (`#key=…`, as `r1 up` prints it) to this tab's storage, and out of the address bar and
 * the history.
 */
export function takeKeyFromAddress(): void {
    const { key: found, rest } = splitKey(location.hash);
    if (found === undefined) return;
    keepKey(found);
    history.replaceState(null, "", location.pathname + location.search + rest);
}

/** The key in a fragment, and the fragment without it. */
export function splitKey(hash: string): { key: string | undefined; rest: string } {
    const match = /^#key=([^&]*)&?/.exec(hash);
    if (!match) return { key: undefined, rest: hash };
    const rest = hash.slice(match[0].length);
    return { key: decode(match[1]!), rest: rest ? `#${rest.replace(/^#/, "")}` : "" };
}

function decode(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

const tell = (): void => listeners.forEach(listener => listener());
