import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt, Job, Worker } from "../source/api/jobs.ts";
import { booksOf } from "../source/jobs/books.ts";

const worker = (name: string, resources?: Partial<Worker["resources"]>): Worker => ({
    name,
    location: "here",
    state: "running",
    restarts: 0,
    ...(resources ? { resources: { at: "2026-01-01T00:00:00Z", ...resources } } : {}),
});

const job = (...attempts: Attempt[]): Job => ({
    jobId: "s/000000/noop/0",
    stage: "s",
    iteration: 0,
    kind: "noop",
    shard: 0,
    status: "done",
    attempts,
});

test("booksOf_Workers_SumsThoseThatSpoke", () => {
    const books = booksOf(
        [
            worker("a", { workingSeconds: 30, idleSeconds: 10, storageRequests: 4, sentBytes: 5, receivedBytes: 6 }),
            worker("b", { workingSeconds: 20, idleSeconds: 5 }),
            worker("c"),
        ],
        [],
    );
    assert.deepEqual([books.workingSeconds, books.idleSeconds, books.requests, books.sentBytes, books.receivedBytes], [50, 15, 4, 5, 6]);
});

test("booksOf_Attempts_CountsWhatCameToNothing", () => {
    const books = booksOf(
        [],
        [
            job(
                { attempt: "1", outcome: "lost", startedAt: "2026-01-01T00:00:00Z" },
                { attempt: "2", outcome: "failed", startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:00:07Z" },
                { attempt: "3", outcome: "preempted", startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:00:09Z" },
                { attempt: "4", outcome: "won", startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:00:05Z" },
            ),
        ],
    );
    assert.deepEqual([books.lostAttempts, books.lostSeconds, books.preemptions], [2, 7, 1]);
});
