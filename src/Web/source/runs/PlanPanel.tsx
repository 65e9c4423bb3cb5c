import type { PlanAnswer, StagePlan } from "../api/types.ts";
import { formatRoute } from "../state/route.ts";
import { bytes, duration, figure, money } from "../ui/format.ts";
import { Fact, Trouble } from "../ui/parts.tsx";

interface Props {
    plan: PlanAnswer | undefined;
    isLoading: boolean;
    error: Error | undefined;
    device: string;
    onDevice: (device: string) => void;
    isChecked: boolean;
}

const Devices = ["cpu", "l40s", "a100", "h100", "h200", "a100x8", "h100x8", "h200x8"];

/** What a run is likely to take, before it begins. */
export function PlanPanel({ plan, isLoading, error, device, onDevice, isChecked }: Props) {
    if (error) return <Trouble error={error} />;
    if (!isChecked && !plan) return <p class="muted">The plan comes once the recipe is good.</p>;
    if (!plan)
        return (
            <p class="muted" role="status">
                {isLoading ? "Planning…" : "No plan."}
            </p>
        );
    const { plan: whole, reuse } = plan;
    return (
        <>
            <dl class="facts">
                <Fact name="Time">{duration(plan.wallSeconds)}</Fact>
                <Fact name="Cost">{money(plan.cost, whole.currency)}</Fact>
                <Fact name="Device">
                    <select
                        value={device || whole.device}
                        aria-label="Device of the plan"
                        onChange={event => onDevice(event.currentTarget.value)}
                    >
                        {[...new Set([whole.device, ...Devices])].map(name => (
                            <option value={name} key={name}>
                                {name}
                            </option>
                        ))}
                    </select>
                    <span class="sub">× {whole.nodes}</span>
                </Fact>
                <Fact name="Device hours">{figure(whole.deviceHours)}</Fact>
                <Fact name="Storage">{bytes(whole.storageGigabytes * 1e9)}</Fact>
            </dl>
            <table class="plan">
                <caption class="unseen">Stages of the plan</caption>
                <thead>
                    <tr>
                        <th scope="col">Stage</th>
                        <th scope="col">What happens</th>
                        <th scope="col" class="number">
                            Time
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {whole.stages.map(stage => {
                        const decided = reuse.stages.find(other => other.name === stage.name);
                        const origin = decided?.reusedFrom;
                        return (
                            <tr key={stage.name}>
                                <th scope="row">
                                    {stage.name}
                                    <span class="sub">{stage.kind}</span>
                                </th>
                                <td>
                                    {origin ? (
                                        <>
                                            <span class="reused-word">taken over</span> from{" "}
                                            <a href={formatRoute(["runs", origin.runId])}>{origin.runId}</a>
                                            {decided.measures && ", measured again"}
                                        </>
                                    ) : (
                                        <>runs{decided?.reason && <span class="muted"> · {decided.reason}</span>}</>
                                    )}
                                    {stage.note && <span class="sub">{stage.note}</span>}
                                    {!origin && stage.memory && <Memory memory={stage.memory} />}
                                </td>
                                <td class="number">
                                    {origin ? "–" : duration(stage.wallSeconds)}
                                    {!origin && stage.cost !== undefined && stage.cost > 0 && (
                                        <span class="sub">{money(stage.cost, whole.currency)}</span>
                                    )}
                                </td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
            <details>
                <summary>What the figures rest on</summary>
                <ul class="assumptions">
                    {whole.assumptions.map((text, at) => (
                        <li key={at}>{text}</li>
                    ))}
                </ul>
            </details>
        </>
    );
}

// What a stage keeps in a device's memory at most, and what would make it fit.
function Memory({ memory }: { memory: NonNullable<StagePlan["memory"]> }) {
    const { phase, missingBytes, remedies } = memory;
    return (
        <span class={missingBytes === undefined ? "sub" : "sub bad"}>
            {bytes(memory.bytes)} of a device's memory, {phase}
            {missingBytes !== undefined && `: ${bytes(missingBytes)} too much`}
            {remedies.length > 0 && `; would fit with ${remedies.join(", or ")}`}
        </span>
    );
}
