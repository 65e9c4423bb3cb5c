import type { Job, Worker } from "../api/jobs.ts";

/** Where the workers' time and storage traffic went, and what attempts lost. */
export interface Books {
    workingSeconds: number;
    idleSeconds: number;
    requests: number;
    sentBytes: number;
    receivedBytes: number;
    lostAttempts: number;
    lostSeconds: number;
    preemptions: number;
}

/** Sums over workers as they were last heard of, and over the jobs that are shown. */
export function booksOf(workers: readonly Worker[], jobs: readonly Job[]): Books {
    const sum = (of: (worker: Worker) => number | undefined): number => workers.reduce((total, one) => total + (of(one) ?? 0), 0);
    const attempts = jobs.flatMap(job => job.attempts);
    const wasted = attempts.filter(one => one.outcome === "lost" || one.outcome === "failed" || one.outcome === "abandoned");
    return {
        workingSeconds: sum(one => one.resources?.workingSeconds),
        idleSeconds: sum(one => one.resources?.idleSeconds),
        requests: sum(one => one.resources?.storageRequests),
        sentBytes: sum(one => one.resources?.sentBytes),
        receivedBytes: sum(one => one.resources?.receivedBytes),
        lostAttempts: wasted.length,
        lostSeconds: wasted.reduce((total, one) => total + secondsOf(one.startedAt, one.endedAt), 0),
        preemptions: attempts.filter(one => one.outcome === "preempted").length,
    };
}

// Of an attempt that was lost nobody knows the end: it counts as nothing rather than as a guess.
function secondsOf(from: string | undefined, to: string | undefined): number {
    return from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) / 1000 : 0;
}
