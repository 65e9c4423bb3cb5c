import { useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { RelatedRun, RunView } from "../api/types.ts";
import { toNumber } from "../curves/series.ts";
import { useLoaded, useNow } from "../state/hooks.ts";
import { formatRoute } from "../state/route.ts";
import { duration, money, percent } from "../ui/format.ts";
import { Badge, Dialog, Fact, Trouble, Words } from "../ui/parts.tsx";
import { ForkDialog } from "./ForkDialog.tsx";
import { RemoveDialog } from "./RemoveDialog.tsx";
import type { RunStore } from "./runStore.ts";

type Action = "pause" | "resume" | "cancel" | "retry";

const Actions: Record<Action, { text: string; states: readonly RunView["status"][]; asks: string; kind?: string }> = {
    pause: {
        text: "Pause",
        states: ["queued", "running"],
        asks: "The workers save what they have and stop. Nothing is lost; the run goes on when it is resumed.",
    },
    resume: { text: "Resume", states: ["paused"], asks: "The run goes on where it was held." },
    cancel: {
        text: "Cancel",
        states: ["queued", "running", "paused"],
        asks: "The run ends here. It can be retried later: finished jobs stay finished.",
        kind: "danger",
    },
    retry: {
        text: "Retry",
        states: ["failed", "cancelled", "completed"],
        asks: "Finished jobs stay finished, failed ones run again. With a stage, that stage and all that build on it run again.",
    },
};

/** A run's name, state and figures, and what can be done with it. */
export function RunHead({ store, run }: { store: RunStore; run: RunView }) {
    const [asked, setAsked] = useState<Action | "fork" | "remove">();
    const isOver = run.status === "completed" || run.status === "failed" || run.status === "cancelled";
    const close = (): void => setAsked(undefined);
    return (
        <>
            <div class="head run-head">
                <div>
                    <p class="crumb">
                        <a href="#/runs">Runs</a>
                    </p>
                    <h1>
                        <bdi>{run.id}</bdi> <Badge state={run.status} />
                    </h1>
                </div>
                <div class="tools">
                    <Connection store={store} />
                    {(Object.keys(Actions) as Action[])
                        .filter(name => Actions[name].states.includes(run.status))
                        .map(name => (
                            <button type="button" class={Actions[name].kind} onClick={() => setAsked(name)} key={name}>
                                {Actions[name].text}
                            </button>
                        ))}
                    <button type="button" onClick={() => setAsked("fork")}>
                        Fork
                    </button>
                    {isOver && (
                        <button type="button" class="danger" onClick={() => setAsked("remove")}>
                            Remove
                        </button>
                    )}
                </div>
            </div>
            {run.error && (
                <div class="trouble" role="alert">
                    <p>
                        <strong>{run.status === "cancelled" ? "Cancelled" : "Failed"}</strong> <Words text={run.error} />
                    </p>
                    {run.status === "failed" && (
                        <p class="muted">
                            Look at the <a href={formatRoute(["runs", run.id, "jobs"])}>jobs and logs</a>; mend the cause, then retry:
                            finished jobs stay finished.
                        </p>
                    )}
                </div>
            )}
            {run.workers.lastError && run.status === "running" && (
                <p class="note">
                    <Words text={run.workers.lastError} />
                </p>
            )}
            {run.budget?.held && run.status === "paused" && (
                <p class="note" role="status">
                    Paused by its budget. <Words text={run.budget.held} />
                </p>
            )}
            <Relatives run={run} />
            <Facts run={run} />
            {asked === "fork" ? (
                <ForkDialog run={run} onClose={close} />
            ) : asked === "remove" ? (
                <RemoveDialog run={run} onClose={close} />
            ) : (
                asked && <Question store={store} run={run} action={asked} onClose={close} />
            )}
        </>
    );
}

// The runs that share a beginning with this one.
function Relatives({ run }: { run: RunView }) {
    const found = useLoaded(run.id, signal => get<{ relatives: RelatedRun[] }>(pathOf(["runs", run.id, "relatives"]), signal));
    const relatives = found.value?.relatives ?? [];
    if (relatives.length === 0) return null;
    const words = { parent: "fork of", sibling: "beside", fork: "has the fork" };
    return (
        <p class="relatives">
            {relatives.map((other, place) => (
                <span key={other.runId}>
                    {words[other.relation]}{" "}
                    <a
                        href={formatRoute(["runs", other.runId])}
                        title={other.differences.map(one => `${one.path}: ${JSON.stringify(one.to ?? null)}`).join("\n")}
                    >
                        <bdi>{other.runId}</bdi>
                    </a>{" "}
                    from {other.stage}:{other.iteration}
                    {place < relatives.length - 1 && ","}
                </span>
            ))}
            <a
                class="button small"
                href={formatRoute(["runs", run.id, "curves"], {
                    with: relatives.map(other => other.runId).join(","),
                    stage: relatives[0]!.stage,
                })}
            >
                Overlay their curves
            </a>
        </p>
    );
}

function Connection({ store }: { store: RunStore }) {
    const words: Record<typeof store.state, string> = {
        connecting: "connecting",
        live: "live",
        away: "host away, trying again",
        hidden: "held back",
        ended: "ended",
        refused: "key refused",
    };
    if (store.state === "ended") return null;
    return (
        <span class={`connection ${store.state}`} role="status" title={store.reason}>
            <span class="dot" aria-hidden="true" />
            {words[store.state]}
        </span>
    );
}

function Facts({ run }: { run: RunView }) {
    const now = useNow();
    const end = run.endedAt === undefined ? now : Date.parse(run.endedAt);
    const measured = run.stages.findLast(
        stage => stage.metrics["eval/pass_at_1"] !== undefined || stage.metrics["eval/greedy_accuracy"] !== undefined,
    );
    const isPass = measured?.metrics["eval/pass_at_1"] !== undefined;
    const half = measured?.metrics["eval/pass_at_1_ci95"];
    const running = run.stages.find(stage => stage.status === "running" || stage.status === "evaluating");
    const done = run.stages.filter(stage => stage.status === "completed").length;
    return (
        <dl class="facts run-facts">
            <Fact name="Stage">
                {running ? (
                    <>
                        {running.label}
                        <span class="sub">{running.phase ?? running.status}</span>
                    </>
                ) : (
                    `${done} of ${run.stages.length} done`
                )}
            </Fact>
            {running && running.total > 0 && (
                <Fact name="Progress">
                    {running.done.toLocaleString("en")} / {running.total.toLocaleString("en")}
                </Fact>
            )}
            <Fact name="Time">{run.startedAt ? duration((end - Date.parse(run.startedAt)) / 1000) : "not begun"}</Fact>
            {run.etaSeconds !== undefined && run.status === "running" && <Fact name="Stage ends in">{duration(run.etaSeconds)}</Fact>}
            <Fact name={isPass ? "pass@1" : "Greedy accuracy"} title={measured?.label ?? "not measured yet"}>
                {measured ? percent(toNumber(measured.metrics[isPass ? "eval/pass_at_1" : "eval/greedy_accuracy"])) : "–"}
                {isPass && half !== undefined && <span class="sub">± {percent(toNumber(half))}</span>}
            </Fact>
            <Fact name="Cost" title={run.cost.note}>
                {run.cost.amount > 0 ? money(run.cost.amount, run.cost.currency) : run.cost.workerSeconds > 0 ? "no price" : "–"}
                {run.cost.workerSeconds > 0 && <span class="sub">{duration(run.cost.workerSeconds)} of workers</span>}
            </Fact>
            {run.budget && (
                <Fact name="Budget" title={run.budget.nextIs ? `under way: ${run.budget.nextIs}` : "nothing under way"}>
                    {money(run.budget.spent, run.budget.currency)}
                    <span class={run.budget.warns ? "sub warn" : "sub"}>of {money(run.budget.amount, run.budget.currency)}</span>
                </Fact>
            )}
            <Fact name="Workers">
                {run.workers.workers.filter(worker => worker.state === "running").length}
                {run.workers.restarts > 0 && (
                    <span class="sub">
                        {run.workers.restarts} {run.workers.restarts === 1 ? "restart" : "restarts"}
                    </span>
                )}
            </Fact>
        </dl>
    );
}

function Question({ store, run, action, onClose }: { store: RunStore; run: RunView; action: Action; onClose: () => void }) {
    const [stage, setStage] = useState("");
    const [budget, setBudget] = useState("");
    const [error, setError] = useState<Error>();
    const [isBusy, setBusy] = useState(false);
    const spec = Actions[action];
    const isWhole = run.status !== "completed";
    const act = async (): Promise<void> => {
        setBusy(true);
        setError(undefined);
        try {
            await store.act(action, stage || undefined, budget || undefined);
            onClose();
        } catch (caught) {
            setError(caught as Error);
            setBusy(false);
        }
    };
    return (
        <Dialog title={`${spec.text} ${run.id}?`} onClose={onClose}>
            <form
                method="dialog"
                onSubmit={event => {
                    event.preventDefault();
                    void act();
                }}
            >
                <p>{spec.asks}</p>
                {action === "resume" && run.budget && (
                    <label class="field">
                        Raise the budget to, in {run.budget.currency}
                        <input
                            inputMode="decimal"
                            value={budget}
                            placeholder={run.budget.amount.toString()}
                            onInput={event => setBudget(event.currentTarget.value.trim())}
                        />
                    </label>
                )}
                {action === "retry" && (
                    <label class="field">
                        From stage
                        <select value={stage} onChange={event => setStage(event.currentTarget.value)}>
                            <option value="">{isWhole ? "where it stopped" : "choose a stage"}</option>
                            {run.stages.map(one => (
                                <option value={one.name} key={one.name}>
                                    {one.name}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
                {error && <Trouble error={error} />}
                <div class="row end">
                    <button type="button" onClick={onClose} autofocus={spec.kind === "danger"}>
                        Leave it
                    </button>
                    <button
                        type="submit"
                        class={spec.kind ?? "main"}
                        disabled={isBusy || (action === "retry" && !isWhole && !stage)}
                        autofocus={spec.kind !== "danger"}
                    >
                        {isBusy ? "…" : `${spec.text} the run`}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
