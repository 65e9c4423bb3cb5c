import type { Attempt, Job } from "../api/jobs.ts";
import type { Span } from "./lanes.ts";

/** A bar of the chart: an attempt on its worker, or the time in which a job waited for one. */
export interface Bar extends Span {
    key: string;
    job: Job;
    kind: string;
    outcome: Attempt["outcome"] | "queue";
}

/** The bars of jobs; what has no end goes on to now. */
export function barsOf(jobs: readonly Job[], now: number): Bar[] {
    return jobs.flatMap(job => {
        const attempts = attemptsOf(job);
        const bars: Bar[] = attempts.flatMap(attempt => {
            const from = time(attempt.startedAt);
            if (from === undefined) return [];
            const to = Math.max(from, time(attempt.endedAt) ?? (attempt.outcome === "running" ? now : from));
            return [
                {
                    key: `${job.jobId} ${attempt.attempt}`,
                    job,
                    kind: job.kind,
                    outcome: attempt.outcome,
                    group: attempt.worker ?? job.worker ?? "?",
                    from,
                    to,
                },
            ];
        });
        const queued = time(job.queuedAt);
        if (queued === undefined) return bars;
        const until = bars.length > 0 ? Math.min(...bars.map(bar => bar.from)) : job.status === "queued" ? now : queued;
        if (until > queued)
            bars.push({ key: `${job.jobId} queue`, job, kind: "queue", outcome: "queue", group: "queue", from: queued, to: until });
        return bars;
    });
}

// A job of an earlier version tells of its winner alone.
function attemptsOf(job: Job): Attempt[] {
    if (job.attempts.some(attempt => attempt.startedAt !== undefined)) return job.attempts;
    if (job.startedAt === undefined) return [];
    const outcome = job.status === "done" ? "won" : job.status === "failed" ? "failed" : "running";
    return [
        {
            attempt: "",
            outcome,
            startedAt: job.startedAt,
            ...(job.endedAt ? { endedAt: job.endedAt } : {}),
            ...(job.worker ? { worker: job.worker } : {}),
        },
    ];
}

const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
