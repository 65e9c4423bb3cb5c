import { ApiError, get, pathOf } from "../api/client.ts";
import type { Job, JobsAnswer, WorkersAnswer } from "../api/jobs.ts";
import type { RunStore } from "../run/runStore.ts";
import { useLoaded } from "../state/hooks.ts";
import { setValues, type Route } from "../state/route.ts";
import { bytes, duration, percent } from "../ui/format.ts";
import { Dialog, Empty, Fact, Panel, Trouble, Waiting } from "../ui/parts.tsx";
import { booksOf } from "./books.ts";
import { Gantt } from "./Gantt.tsx";
import { JobDetail } from "./JobDetail.tsx";
import { JobTable } from "./JobTable.tsx";
import { LogView } from "./LogView.tsx";
import { Workers } from "./Workers.tsx";

const Every = 3000;

/** Who does what, where time goes, and who waits for whom. */
export function JobsView({ store, route }: { store: RunStore; route: Route }) {
    const { stage, log, job, show } = route.values;
    const to = /^\d+$/.test(route.values["to"] ?? "") ? Number(route.values["to"]) : undefined;
    const isActive = store.run?.status === "running" || store.run?.status === "paused";
    const workers = useLoaded(
        `${store.id} ${store.run?.status}`,
        signal => get<WorkersAnswer>(pathOf(["runs", store.id, "workers"]), signal),
        isActive ? Every : undefined,
    );
    const query = { stage, to, limit: 500 };
    const jobs = useLoaded(
        `${store.id} ${JSON.stringify(query)} ${store.run?.status}`,
        signal => get<JobsAnswer>(pathOf(["runs", store.id, "jobs"], query), signal),
        isActive ? Every : undefined,
    );
    const chosen = jobs.value?.jobs.find(one => one.jobId === job);
    const stages = store.run?.stages ?? [];
    const choose = (one: Job | undefined): void => setValues({ job: one?.jobId });
    return (
        <div class="jobs">
            {/* A host that does not tell workers apart has no such route: their logs are reached from their jobs. */}
            {!(workers.error instanceof ApiError && workers.error.status === 404) && (
                <Panel title="Workers" tools={workers.value && <Facts workers={workers.value} jobs={jobs.value?.jobs ?? []} />}>
                    {workers.error && <Trouble error={workers.error} again={workers.again} />}
                    {workers.isLoading && <Waiting what="workers" />}
                    {workers.value && <Workers workers={workers.value.workers} onLog={name => setValues({ log: name })} />}
                </Panel>
            )}
            <Panel
                title="Jobs over time"
                tools={
                    <label class="field">
                        Stage
                        <select
                            value={stage ?? ""}
                            onChange={event => setValues({ stage: event.currentTarget.value || undefined, to: undefined })}
                        >
                            <option value="">all</option>
                            {stages.map(one => (
                                <option value={one.label} key={one.label}>
                                    {one.label}
                                </option>
                            ))}
                        </select>
                    </label>
                }
            >
                {jobs.error && <Trouble error={jobs.error} again={jobs.again} />}
                {jobs.isLoading && <Waiting what="jobs" />}
                {jobs.value &&
                    (jobs.value.jobs.length === 0 ? (
                        <Empty title="No jobs yet." />
                    ) : (
                        <>
                            <Gantt jobs={jobs.value.jobs} isLive={isActive && to === undefined} onChoose={choose} chosen={job} />
                            <div class="row">
                                {jobs.value.earlier && (
                                    <button
                                        type="button"
                                        class="small"
                                        onClick={() =>
                                            setValues({ stage: jobs.value!.earlier!.stage, to: String(jobs.value!.earlier!.to) })
                                        }
                                    >
                                        Earlier iterations
                                    </button>
                                )}
                                {to !== undefined && (
                                    <button type="button" class="small" onClick={() => setValues({ to: undefined })}>
                                        Newest
                                    </button>
                                )}
                            </div>
                            <JobTable jobs={jobs.value.jobs} state={show ?? ""} onChoose={choose} />
                        </>
                    ))}
            </Panel>
            {chosen && (
                <Dialog title={chosen.jobId} onClose={() => choose(undefined)}>
                    <JobDetail job={chosen} onLog={name => setValues({ job: undefined, log: name })} />
                </Dialog>
            )}
            {log && (
                <Dialog title={`Log of ${log}`} onClose={() => setValues({ log: undefined })}>
                    <LogView runId={store.id} worker={log} isActive={isActive} key={log} />
                </Dialog>
            )}
        </div>
    );
}

function Facts({ workers, jobs }: { workers: WorkersAnswer; jobs: readonly Job[] }) {
    const books = booksOf(workers.workers, jobs);
    const all = books.workingSeconds + books.idleSeconds;
    return (
        <dl class="facts tight">
            {all > 0 && (
                <>
                    <Fact name="With a job">
                        {duration(books.workingSeconds)}
                        <span class="sub">{percent(books.workingSeconds / all, 0)}</span>
                    </Fact>
                    <Fact name="Idle">
                        {duration(books.idleSeconds)}
                        <span class="sub">{percent(books.idleSeconds / all, 0)}</span>
                    </Fact>
                </>
            )}
            <Fact name="Attempts lost or failed">
                {books.lostAttempts}
                {books.lostSeconds > 0 && <span class="sub">{duration(books.lostSeconds)}</span>}
            </Fact>
            {books.preemptions > 0 && <Fact name="Preempted">{books.preemptions}</Fact>}
            {workers.queuedJobs !== undefined && <Fact name="In the queue">{workers.queuedJobs}</Fact>}
            {books.requests > 0 && (
                <Fact name="Storage">
                    {bytes(books.sentBytes)} sent, {bytes(books.receivedBytes)} received
                    <span class="sub">{books.requests} requests</span>
                </Fact>
            )}
            <Fact name="Restarts">{workers.restarts}</Fact>
        </dl>
    );
}
