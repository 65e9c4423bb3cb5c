import { useState } from "preact/hooks";
import type { Job } from "../api/jobs.ts";
import { setValues } from "../state/route.ts";
import { duration } from "../ui/format.ts";
import { Badge } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

const PageSize = 50;

/** Seconds that a job waited for a worker. */
const waited = (job: Job): number | undefined =>
    job.queuedAt && job.startedAt ? Math.max(0, Date.parse(job.startedAt) - Date.parse(job.queuedAt)) / 1000 : undefined;

/** Jobs as a table, the newest first. */
export function JobTable({ jobs, state, onChoose }: { jobs: readonly Job[]; state: string; onChoose: (job: Job) => void }) {
    const [most, setMost] = useState(PageSize);
    const shown = [...jobs].reverse().filter(job => !state || job.status === state || (state === "tried" && job.attempts.length > 1));
    return (
        <>
            <div class="row">
                <label class="field">
                    Show
                    <select value={state} onChange={event => setValues({ show: event.currentTarget.value || undefined })}>
                        <option value="">all {jobs.length} jobs</option>
                        <option value="running">running</option>
                        <option value="queued">queued</option>
                        <option value="failed">failed</option>
                        <option value="tried">with several attempts</option>
                    </select>
                </label>
            </div>
            <Scroll class="table-box">
                <table class="job-table">
                    <caption class="unseen">Jobs, newest first</caption>
                    <thead>
                        <tr>
                            <th scope="col">Job</th>
                            <th scope="col">State</th>
                            <th scope="col">Worker</th>
                            <th scope="col" class="number">
                                Attempts
                            </th>
                            <th scope="col" class="number">
                                Waited
                            </th>
                            <th scope="col" class="number">
                                Took
                            </th>
                            <th scope="col" class="number">
                                Generation
                            </th>
                            <th scope="col" class="number">
                                Reward
                            </th>
                            <th scope="col" class="number">
                                Update
                            </th>
                            <th scope="col" class="number">
                                Storage
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.slice(0, most).map(job => (
                            <tr key={job.jobId}>
                                <th scope="row">
                                    <button type="button" class="link" onClick={() => onChoose(job)}>
                                        <code>{job.jobId}</code>
                                    </button>
                                </th>
                                <td>
                                    <Badge state={job.status} />
                                </td>
                                <td>
                                    <bdi>{job.worker ?? "–"}</bdi>
                                </td>
                                <td class="number">{job.attempts.length || "–"}</td>
                                <td class="number">{duration(waited(job))}</td>
                                <td class="number">{duration(job.timing?.total)}</td>
                                <td class="number">{duration(job.timing?.generation)}</td>
                                <td class="number">{duration(job.timing?.reward)}</td>
                                <td class="number">{duration(job.timing?.update)}</td>
                                <td class="number">{duration(job.timing?.storage)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
            {shown.length > most && (
                <p class="more">
                    <button type="button" onClick={() => setMost(most + PageSize)}>
                        Show more
                    </button>
                </p>
            )}
        </>
    );
}
