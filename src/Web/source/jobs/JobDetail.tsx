import type { Job } from "../api/jobs.ts";
import { duration, moment } from "../ui/format.ts";
import { Badge, Fact, Words } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

/** A job with its attempts and what went wrong. */
export function JobDetail({ job, onLog }: { job: Job; onLog: (worker: string) => void }) {
    return (
        <>
            <dl class="facts">
                <Fact name="State">
                    <Badge state={job.status} />
                </Fact>
                <Fact name="Queued">{moment(job.queuedAt)}</Fact>
                {job.steps ? (
                    <Fact name="Steps">
                        {job.step ?? 0} / {job.steps}
                    </Fact>
                ) : null}
                {job.timing && <Fact name="Took">{duration(job.timing.total)}</Fact>}
            </dl>
            {job.waiting && (
                <p class="note">
                    Waits: <Words text={job.waiting} />
                </p>
            )}
            {job.error && (
                <div class="trouble">
                    <p>
                        <strong>
                            <bdi>{job.error.type}</bdi>
                        </strong>{" "}
                        <Words text={job.error.message} />
                    </p>
                </div>
            )}
            <h3>Attempts</h3>
            {job.attempts.length === 0 ? (
                <p class="muted">None yet: it waits for a worker.</p>
            ) : (
                <Scroll class="table-box">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Outcome</th>
                                <th scope="col">Worker</th>
                                <th scope="col">Began</th>
                                <th scope="col" class="number">
                                    Took
                                </th>
                                <th scope="col">Words</th>
                            </tr>
                        </thead>
                        <tbody>
                            {job.attempts.map(attempt => (
                                <tr key={attempt.attempt}>
                                    <td>
                                        <Badge state={attempt.outcome} />
                                    </td>
                                    <td>
                                        {attempt.worker ? (
                                            <button type="button" class="link" onClick={() => onLog(attempt.worker!)}>
                                                <bdi>{attempt.worker}</bdi>
                                            </button>
                                        ) : (
                                            "–"
                                        )}
                                    </td>
                                    <td>{moment(attempt.startedAt)}</td>
                                    <td class="number">
                                        {attempt.startedAt && attempt.endedAt
                                            ? duration((Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt)) / 1000)
                                            : "–"}
                                    </td>
                                    <td>
                                        <Words text={attempt.error?.message ?? ""} />
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
        </>
    );
}
