import { ApiError, ask } from "./client.ts";
import { StreamParser, type ServerEvent } from "./streamParser.ts";
import { onKey } from "../state/key.ts";

/** How a stream stands: `live`, not reachable and tried again, held back while nobody looks, or over. */
export type StreamState = "connecting" | "live" | "away" | "hidden" | "ended" | "refused";

export interface Follower {
    /** The event's name and data; true ends the stream for good. */
    onEvent(event: ServerEvent): boolean;
    onState(state: StreamState, reason?: string): void;
}

const FirstWait = 1000;
const LongestWait = 15_000;
const HiddenFor = 10_000;

/**
 * Follows a stream until it says that it is over: comes back with `Last-Event-ID` when it breaks off, waits for a key that was
 * refused, and lets go while the tab is hidden, since a browser opens six connections to a host for all tabs together.
 */
export async function follow(path: string, lastId: string | undefined, follower: Follower, signal: AbortSignal): Promise<void> {
    let wait = FirstWait;
    while (!signal.aborted) {
        if (document.hidden) {
            follower.onState("hidden");
            await once(document, "visibilitychange", signal);
            continue;
        }
        follower.onState("connecting");
        try {
            const outcome = await readOnce(path, lastId, follower, signal, id => {
                lastId = id;
                wait = FirstWait;
            });
            if (outcome.over) return follower.onState("ended");
            if (outcome.retry !== undefined) wait = outcome.retry;
            if (document.hidden) continue;
            follower.onState("away", "The stream broke off.");
        } catch (error) {
            if (signal.aborted) return;
            if (error instanceof ApiError && error.status === 401) {
                follower.onState("refused", error.message);
                await newKey(signal);
                continue;
            }
            if (error instanceof ApiError && (error.status === 404 || error.status === 400))
                return follower.onState("ended", error.message);
            follower.onState("away", error instanceof Error ? error.message : String(error));
        }
        await pause(wait * (0.75 + Math.random() / 2), signal);
        wait = Math.min(wait * 2, LongestWait);
    }
}

async function readOnce(
    path: string,
    lastId: string | undefined,
    follower: Follower,
    signal: AbortSignal,
    onId: (id: string) => void,
): Promise<{ over: boolean; retry: number | undefined }> {
    const leave = new AbortController();
    const stop = (): void => leave.abort();
    signal.addEventListener("abort", stop);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onVisibility = (): void => {
        clearTimeout(timer);
        if (document.hidden) timer = setTimeout(stop, HiddenFor);
    };
    document.addEventListener("visibilitychange", onVisibility);
    const parser = new StreamParser();
    try {
        const response = await ask(path, {
            headers: { Accept: "text/event-stream", ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) },
            signal: leave.signal,
        });
        follower.onState("live");
        const reader = response.body!.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return { over: false, retry: parser.retry };
            for (const event of parser.push(value)) {
                if (event.id !== undefined) onId(event.id);
                if (follower.onEvent(event)) {
                    stop();
                    return { over: true, retry: undefined };
                }
            }
        }
    } catch (error) {
        if (leave.signal.aborted && !signal.aborted) return { over: false, retry: parser.retry };
        throw error;
    } finally {
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", onVisibility);
        signal.removeEventListener("abort", stop);
    }
}

/** Waits; an abort ends the wait early. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        if (signal.aborted) return resolve();
        const timer = setTimeout(done, milliseconds);
        signal.addEventListener("abort", done);
        function done(): void {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resolve();
        }
    });
}

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        const done = (): void => {
            target.removeEventListener(name, done);
            signal.removeEventListener("abort", done);
            resolve();
        };
        target.addEventListener(name, done);
        signal.addEventListener("abort", done);
    });
}

function newKey(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        const leave = onKey(done);
        signal.addEventListener("abort", done);
        function done(): void {
            leave();
            signal.removeEventListener("abort", done);
            resolve();
        }
    });
}
