import { ask, ApiError, get, pathOf } from "../api/client.ts";
import { follow, pause, type StreamState } from "../api/follow.ts";
import type { ServerEvent } from "../api/streamParser.ts";
import type { JobView, MetricNames, MetricsRow, RunLog, RunView, SeriesAnswer, StageView } from "../api/types.ts";
import { SeriesStore } from "../curves/series.ts";
import { toldAnew } from "./story.ts";

const MostLogs = 500;
const TellEvery = 150;
const NamesAgainAfter = 2000;

/** A run as its stream tells of it: what it is, its figures, its story. */
export class RunStore {
    readonly id: string;
    readonly series = new SeriesStore();
    run: RunView | undefined;
    logs: RunLog[] = [];
    state: StreamState = "connecting";
    reason: string | undefined;
    error: Error | undefined;
    /** Sets of samples that have grown, by stage and source: how often. */
    readonly sampleTurns = new Map<string, number>();
    readonly #leave = new AbortController();
    readonly #listeners = new Set<() => void>();
    #isTelling = false;
    #toldAt = -Infinity;

    constructor(id: string) {
        this.id = id;
        void this.#begin();
    }

    /** Calls when something changed, a few times a second at most. */
    readonly subscribe = (listener: () => void): (() => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    /** Follows no longer. */
    close(): void {
        this.#leave.abort();
    }

    /** Loads series; those that the stream tells of go on from there. */
    async load(names: readonly string[], stage: string, range: { from?: number; to?: number } = {}, points = 1000): Promise<void> {
        const query = { names: names.join(","), stage, from: range.from, to: range.to, points };
        const answer = await get<SeriesAnswer>(pathOf(["runs", this.id, "metrics", "series"], query), this.#leave.signal);
        this.series.take(answer, range.to === undefined);
        this.#tell();
    }

    /** Asks once what the run is, e.g. after an action. */
    async refresh(): Promise<void> {
        this.take(await get<RunView>(pathOf(["runs", this.id]), this.#leave.signal));
    }

    /** Takes what an action answered. */
    take(run: RunView): void {
        this.run = run;
        this.#tell();
    }

    async #begin(): Promise<void> {
        const cursor = await this.#loadNames();
        if (this.error || this.#leave.signal.aborted) return;
        await follow(
            `${pathOf(["runs", this.id, "events"])}?form=changes`,
            cursor,
            {
                onEvent: event => this.#take(event),
                onState: (state, reason) => {
                    [this.state, this.reason] = [state, reason];
                    if (state === "ended" && reason !== undefined && !this.run) this.error = new Error(reason);
                    this.#tell();
                },
            },
            this.#leave.signal,
        );
    }

    /**
     * Learns which figures there are. What is there is loaded thinned when it is looked at: of the stream it wants later steps
     * alone, from the place that this returns.
     */
    async #loadNames(): Promise<string | undefined> {
        const signal = this.#leave.signal;
        for (;;) {
            try {
                const names = await get<MetricNames>(pathOf(["runs", this.id, "metrics", "names"]), signal);
                for (const stage of names.stages) this.series.names.set(stage.stage, new Set(stage.names));
                this.#tell();
                return names.stages.map(stage => `${stage.stage}=${stage.last}`).join(",") || undefined;
            } catch (error) {
                if (signal.aborted) return undefined;
                if (error instanceof ApiError && error.status < 500 && error.status !== 429) this.error = error;
                else [this.state, this.reason] = ["away", (error as Error).message];
                this.#tell();
                if (this.error) return undefined;
                await pause(NamesAgainAfter, signal);
            }
        }
    }

    #take(event: ServerEvent): boolean {
        const take = Events[event.name];
        if (take) take(this, JSON.parse(event.data) as never);
        this.#tell();
        return event.name === "end";
    }

    // Many figures come at once: a few drawings a second are enough.
    #tell(): void {
        if (this.#isTelling) return;
        this.#isTelling = true;
        setTimeout(
            () =>
                requestAnimationFrame(() => {
                    this.#isTelling = false;
                    this.#toldAt = performance.now();
                    this.#listeners.forEach(listener => listener());
                }),
            Math.max(0, this.#toldAt + TellEvery - performance.now()),
        );
    }

    /** Steers the run and takes its new state. */
    async act(action: "pause" | "resume" | "cancel" | "retry", stage?: string, budget?: string): Promise<void> {
        const response = await ask(pathOf(["runs", this.id, action], { stage, budget }), { method: "POST", body: "" });
        this.take((await response.json()) as RunView);
        if (action === "retry" && this.state === "ended") await this.#begin();
    }
}

/** What each event changes. A new event is a line here. */
const Events: Record<string, (store: RunStore, data: never) => void> = {
    snapshot: (store, run: RunView) => {
        store.run = run;
        store.logs = [...store.logs, ...toldAnew(store.logs, run)].slice(-MostLogs);
    },
    change: (store, fields: Partial<Record<keyof RunView, unknown>>) => {
        if (!store.run) return;
        const next = { ...store.run } as Record<string, unknown>;
        for (const [name, value] of Object.entries(fields)) {
            if (value === null) delete next[name];
            else next[name] = value;
        }
        store.run = next as unknown as RunView;
    },
    stage: (store, stage: StageView) => {
        if (!store.run) return;
        const stages = store.run.stages.map(other => (other.label === stage.label || other.name === stage.name ? stage : other));
        store.run = { ...store.run, stages };
    },
    job: (store, job: JobView) => {
        if (!store.run) return;
        const jobs = store.run.jobs ?? [];
        store.run = {
            ...store.run,
            jobs: [...jobs.filter(other => other.jobId !== job.jobId), job].sort((a, b) => a.jobId.localeCompare(b.jobId)),
        };
    },
    "job-end": (store, job: { jobId: string }) => {
        if (store.run) store.run = { ...store.run, jobs: (store.run.jobs ?? []).filter(other => other.jobId !== job.jobId) };
    },
    metrics: (store, row: MetricsRow) => store.series.add(row),
    samples: (store, set: { stage: string; source: string }) => {
        const key = `${set.stage}\n${set.source}`;
        store.sampleTurns.set(key, (store.sampleTurns.get(key) ?? 0) + 1);
    },
    log: (store, log: RunLog) => {
        store.logs = [...store.logs.slice(-MostLogs + 1), log];
    },
    end: (store, end: { status: RunView["status"]; error?: string }) => {
        if (store.run) store.run = { ...store.run, status: end.status, ...(end.error === undefined ? {} : { error: end.error }) };
    },
};
