import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { pause } from "../api/follow.ts";
import { parseRoute, type Route } from "./route.ts";

/** Where the page stands, as it changes. */
export function useRoute(): Route {
    const [route, setRoute] = useState(() => parseRoute(location.hash));
    useEffect(() => {
        const listen = (): void => setRoute(parseRoute(location.hash));
        addEventListener("hashchange", listen);
        return () => removeEventListener("hashchange", listen);
    }, []);
    return route;
}

/** What was loaded, or why not; what was there stays while it is loaded again. */
export interface Loaded<T> {
    value: T | undefined;
    error: Error | undefined;
    isLoading: boolean;
    again: () => void;
}

/**
 * Loads what a key stands for, and again every so many milliseconds while somebody looks. An undefined key loads nothing. Where
 * it `keeps`, what an earlier key stood for is there until the new one's is.
 */
export function useLoaded<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>, every?: number, keeps = false): Loaded<T> {
    const [state, setState] = useState<{ key: string | undefined; value: T | undefined; error: Error | undefined }>({
        key: undefined,
        value: undefined,
        error: undefined,
    });
    const [turn, again] = useReducer((before: number, _: void) => before + 1, 0);
    const latest = useRef(load);
    latest.current = load;
    useEffect(() => {
        if (key === undefined) return;
        const leave = new AbortController();
        void run(leave.signal);
        return () => leave.abort();
        async function run(signal: AbortSignal): Promise<void> {
            while (!signal.aborted) {
                try {
                    const value = await latest.current(signal);
                    if (!signal.aborted) setState({ key, value, error: undefined });
                } catch (error) {
                    if (signal.aborted) return;
                    setState(before => ({ key, value: before.key === key ? before.value : undefined, error: error as Error }));
                }
                if (every === undefined) return;
                do await pause(every, signal);
                while (document.hidden && !signal.aborted);
            }
        }
    }, [key, every, turn]);
    const isOld = state.key !== key;
    const value = isOld && !keeps ? undefined : state.value;
    const error = isOld ? undefined : state.error;
    return {
        value,
        error,
        isLoading: key !== undefined && value === undefined && error === undefined,
        again: useCallback(() => again(), []),
    };
}

/** The time now, renewed every so often, for "3 s ago". */
export function useNow(every = 1000): number {
    const [now, setNow] = useState(Date.now);
    useEffect(() => {
        const timer = setInterval(() => document.hidden || setNow(Date.now()), every);
        return () => clearInterval(timer);
    }, [every]);
    return now;
}

/** Draws again when something that is no state has changed; subscribes again when `to` is another. */
export function useChanges(subscribe: (listener: () => void) => () => void, to: unknown = subscribe): void {
    const [, draw] = useReducer((turn: number, _: void) => turn + 1, 0);
    useEffect(() => subscribe(() => draw()), [to]);
}
