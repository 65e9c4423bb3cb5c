import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import { pause } from "../api/follow.ts";
import type { LogTail } from "../api/jobs.ts";
import { bytes } from "../ui/format.ts";
import { visible } from "../ui/visible.ts";
import { save, Trouble } from "../ui/parts.tsx";

const Every = 2000;
const MostCharacters = 1 << 20;

/** The end of a worker's log, followed while the run goes on. */
export function LogView({ runId, worker, isActive }: { runId: string; worker: string; isActive: boolean }) {
    const [text, setText] = useState("");
    const [size, setSize] = useState<number>();
    const [error, setError] = useState<Error>();
    const box = useRef<HTMLPreElement>(null);
    const isAtEnd = useRef(true);
    useEffect(() => {
        const leave = new AbortController();
        void (async () => {
            let after: number | undefined;
            while (!leave.signal.aborted) {
                try {
                    const query: Record<string, number | undefined> = after === undefined ? { tail: 1 << 16 } : { after };
                    const tail: LogTail = await get<LogTail>(pathOf(["runs", runId, "workers", worker, "log"], query), leave.signal);
                    const isNew = after === undefined || tail.from < after;
                    after = tail.to;
                    setSize(tail.size);
                    setError(undefined);
                    if (isNew) setText(tail.text);
                    else if (tail.text) setText(before => (before + tail.text).slice(-MostCharacters));
                } catch (caught) {
                    if (leave.signal.aborted) return;
                    setError(caught as Error);
                }
                if (!isActive) return;
                await pause(Every, leave.signal);
            }
        })();
        return () => leave.abort();
    }, [runId, worker, isActive]);
    useLayoutEffect(() => {
        if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
    }, [text]);
    return (
        <>
            {error && <Trouble error={error} />}
            <p class="muted">
                {size !== undefined && `The end of ${bytes(size)}`}
                {isActive && ", followed"}
            </p>
            <pre
                class="log"
                ref={box}
                tabIndex={0}
                aria-label={`Log of ${worker}`}
                onScroll={event => {
                    const own = event.currentTarget;
                    isAtEnd.current = own.scrollTop + own.clientHeight > own.scrollHeight - 20;
                }}
            >
                {visible(text)}
            </pre>
            <button type="button" class="small" onClick={() => save(`${runId}-${worker}.log`, new Blob([text], { type: "text/plain" }))}>
                Save what is shown
            </button>
        </>
    );
}
