import type { Worker } from "../api/jobs.ts";
import { bytes, percent } from "../ui/format.ts";
import { Ago, Badge, Empty } from "../ui/parts.tsx";

/** The workers with what they use. */
export function Workers({ workers, onLog }: { workers: readonly Worker[]; onLog: (name: string) => void }) {
    if (workers.length === 0) return <Empty title="No workers.">They come when a run has jobs, and go when it ends or is paused.</Empty>;
    return (
        <ul class="workers">
            {workers.map(worker => (
                <li class="worker" key={worker.name}>
                    <header>
                        <h3>
                            <bdi>{worker.name}</bdi>
                        </h3>
                        <Badge state={worker.state} />
                        {worker.hasLog && (
                            <button type="button" class="small" onClick={() => onLog(worker.name)}>
                                Log
                            </button>
                        )}
                    </header>
                    <p class="muted">
                        <bdi>{worker.location}</bdi>
                        {worker.startedAt && (
                            <>
                                {" "}
                                · since <Ago time={worker.startedAt} />
                            </>
                        )}
                        {worker.restarts > 0 && (
                            <>
                                {" "}
                                · {worker.restarts} {worker.restarts === 1 ? "restart" : "restarts"}
                            </>
                        )}
                    </p>
                    <p>{worker.job ? <code>{worker.job}</code> : <span class="muted">no job</span>}</p>
                    <Resources worker={worker} />
                </li>
            ))}
        </ul>
    );
}

function Resources({ worker }: { worker: Worker }) {
    const { resources, history } = worker;
    if (!resources) return null;
    const memory = resources.memoryLimitBytes ? (resources.memoryBytes ?? 0) / resources.memoryLimitBytes : undefined;
    return (
        <dl class="resources">
            {resources.cpu !== undefined && (
                <Gauge name="CPU" share={resources.cpu} text={percent(resources.cpu, 0)} history={history?.cpu} />
            )}
            {resources.memoryBytes !== undefined && (
                <Gauge
                    name="Memory"
                    share={memory}
                    text={bytes(resources.memoryBytes)}
                    history={history?.memoryBytes?.map(one => one / (resources.memoryLimitBytes ?? one))}
                />
            )}
            {resources.gpus?.map(gpu => (
                <Gauge
                    name={`GPU ${gpu.index}`}
                    title={gpu.name}
                    share={gpu.utilisation}
                    text={`${percent(gpu.utilisation, 0)} · ${bytes(gpu.memoryBytes)}`}
                    history={history?.gpu}
                    key={gpu.index}
                />
            ))}
            {resources.cacheBytes !== undefined && <Gauge name="Cache" text={bytes(resources.cacheBytes)} />}
            {resources.diskFreeBytes !== undefined && <Gauge name="Disk free" text={bytes(resources.diskFreeBytes)} />}
            {resources.workingSeconds !== undefined && (
                <Gauge name="With a job" text={percent(shareOf(resources.workingSeconds, resources.idleSeconds ?? 0), 0)} />
            )}
            {resources.sentBytes !== undefined && <Gauge name="Sent" text={bytes(resources.sentBytes)} />}
            {resources.receivedBytes !== undefined && <Gauge name="Received" text={bytes(resources.receivedBytes)} />}
        </dl>
    );
}

function shareOf(part: number, rest: number): number {
    return part + rest > 0 ? part / (part + rest) : 0;
}

interface GaugeProps {
    name: string;
    text: string;
    title?: string;
    share?: number | undefined;
    history?: number[] | undefined;
}

const [Width, Height] = [120, 22];

function Gauge({ name, text, title, history }: GaugeProps) {
    const points = (history ?? []).map(
        (value, at, all) => `${(at / Math.max(1, all.length - 1)) * Width},${Height - 1 - Math.min(1, Math.max(0, value)) * (Height - 2)}`,
    );
    return (
        <div class="gauge" title={title}>
            <dt>{name}</dt>
            <dd>
                {points.length > 1 && (
                    <svg viewBox={`0 0 ${Width} ${Height}`} preserveAspectRatio="none" aria-hidden="true">
                        <polyline points={points.join(" ")} />
                    </svg>
                )}
                <span>{text}</span>
            </dd>
        </div>
    );
}
