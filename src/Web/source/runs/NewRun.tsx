import { useEffect, useState } from "preact/hooks";
import quickstart from "../../../../recipes/quickstart.json?raw";
import { ApiError, ask, get, pathOf, post } from "../api/client.ts";
import type { CheckAnswer, PlanAnswer, RecipeProblem, RunView } from "../api/types.ts";
import { Editor } from "../recipe/Editor.tsx";
import { linked, type WrittenSchema } from "../recipe/references.ts";
import { useLoaded } from "../state/hooks.ts";
import { formatRoute, go, type Route } from "../state/route.ts";
import { Panel, Trouble, Words } from "../ui/parts.tsx";
import { PlanPanel } from "./PlanPanel.tsx";

const Draft = "r1-draft";
const CheckAfter = 500;
const LongestDraft = 1 << 20;

interface Checked {
    text: string;
    answer: CheckAnswer | undefined;
    problems: RecipeProblem[];
    error: Error | undefined;
}

/** Starts a run: a recipe in an editor that is checked as it is typed, its plan, and the button. */
export function NewRun({ route }: { route: Route }) {
    const { from } = route.values;
    const [text, setText] = useState(() => sessionStorage.getItem(Draft) ?? quickstart);
    const [goTo, setGoTo] = useState<{ problem: RecipeProblem; turn: number }>();
    const schema = useLoaded("schema", signal => get<WrittenSchema>("/api/schema", signal).then(linked));
    const source = useLoaded(from, async signal => JSON.stringify(await get(pathOf(["runs", from!, "recipe"]), signal), null, 2));
    useEffect(() => {
        if (source.value !== undefined) setText(source.value);
    }, [source.value]);
    useEffect(() => {
        if (text.length < LongestDraft) sessionStorage.setItem(Draft, text);
    }, [text]);
    const checked = useCheck(text);
    const problems = checked?.problems ?? [];
    const own = problems.filter(isHere);
    const isGood = checked?.text === text && checked.answer !== undefined;
    return (
        <div class="view new">
            <div class="head">
                <h1>Start a run</h1>
                <div class="tools">
                    <button
                        type="button"
                        onClick={() => {
                            setText(quickstart);
                            go("#/new", true);
                        }}
                    >
                        Quickstart
                    </button>
                    <label class="button">
                        Open a file
                        <input
                            type="file"
                            class="unseen"
                            accept=".json,application/json"
                            onChange={async event => {
                                const file = event.currentTarget.files?.[0];
                                if (file) setText(await file.text());
                            }}
                        />
                    </label>
                </div>
            </div>
            {source.error && <Trouble error={source.error} again={source.again} />}
            <div class="new-grid">
                <Panel title="Recipe" tools={<State checked={checked} isCurrent={checked?.text === text} />}>
                    <Editor text={text} onChange={setText} schema={schema.value} problems={own} goTo={goTo} label="Recipe" />
                    {problems.length > 0 && (
                        <ol class="problems" aria-label="Problems of the recipe">
                            {problems.map((problem, at) => (
                                <li key={at}>
                                    <button
                                        type="button"
                                        disabled={!isHere(problem)}
                                        onClick={() => setGoTo({ problem, turn: (goTo?.turn ?? 0) + 1 })}
                                    >
                                        <span class="where">
                                            {problem.line}:{problem.column}
                                        </span>
                                        <span>
                                            <code>{problem.path}</code> <Words text={problem.message} />
                                            <span class="sub">
                                                {!isHere(problem) && <>in {problem.file}; </>}allowed: <Words text={problem.allowed} />
                                            </span>
                                        </span>
                                    </button>
                                </li>
                            ))}
                        </ol>
                    )}
                    {checked?.answer && checked.answer.notes.length > 0 && (
                        <ul class="notes" aria-label="Notes">
                            {checked.answer.notes.map((note, at) => (
                                <li key={at}>
                                    <code>{note.path}</code> {note.message}
                                </li>
                            ))}
                        </ul>
                    )}
                </Panel>
                <Side text={text} checked={isGood ? checked : undefined} error={problems.length > 0 ? undefined : checked?.error} />
            </div>
        </div>
    );
}

// A problem may lie in what the recipe extends: its line is another file's then.
const isHere = (problem: RecipeProblem): boolean => problem.file === "" || problem.file === "request body";

function State({ checked, isCurrent }: { checked: Checked | undefined; isCurrent: boolean }) {
    const word =
        !checked || !isCurrent
            ? ["checking…", "muted"]
            : checked.answer
              ? ["good", "good"]
              : checked.problems.length > 0
                ? [`${checked.problems.length} ${checked.problems.length === 1 ? "problem" : "problems"}`, "bad"]
                : ["not checked", "bad"];
    return (
        <span class={word[1]} role="status">
            {word[0]}
        </span>
    );
}

function Side({ text, checked, error }: { text: string; checked: Checked | undefined; error: Error | undefined }) {
    const [device, setDevice] = useState("");
    const [reuse, setReuse] = useState(true);
    const [id, setId] = useState("");
    const [trouble, setTrouble] = useState<Error>();
    const [isStarting, setStarting] = useState(false);
    const plan = useLoaded(checked ? `${checked.text}\n${device}\n${reuse}` : undefined, signal =>
        post<PlanAnswer>(pathOf(["plan"], { device, reuse: reuse ? undefined : "false" }), text, signal),
    );
    const start = async (): Promise<void> => {
        setStarting(true);
        setTrouble(undefined);
        try {
            const response = await ask(pathOf(["runs"], { id: id.trim(), reuse: reuse ? undefined : "false" }), {
                method: "POST",
                body: text,
            });
            go(formatRoute(["runs", ((await response.json()) as RunView).id]));
        } catch (caught) {
            setTrouble(caught as Error);
        } finally {
            setStarting(false);
        }
    };
    const answer = checked?.answer;
    return (
        <div class="new-side">
            <Panel title="Plan">
                <PlanPanel
                    plan={plan.value}
                    isLoading={plan.isLoading}
                    error={plan.error}
                    device={device}
                    onDevice={setDevice}
                    isChecked={answer !== undefined}
                />
            </Panel>
            <Panel title="Launch">
                <form
                    class="launch"
                    onSubmit={event => {
                        event.preventDefault();
                        void start();
                    }}
                >
                    <label class="check">
                        <input type="checkbox" checked={reuse} onChange={event => setReuse(event.currentTarget.checked)} /> Take over stages
                        that other runs have finished
                    </label>
                    <span class="field">
                        <label for="run-id">Run id</label>
                        <input
                            id="run-id"
                            value={id}
                            placeholder={answer?.runId ?? "from the recipe"}
                            spellcheck={false}
                            autocomplete="off"
                            onInput={event => setId(event.currentTarget.value)}
                        />
                    </span>
                    {answer?.exists && !id.trim() && (
                        <p class="note">
                            This recipe has a run already: <a href={formatRoute(["runs", answer.runId])}>{answer.runId}</a>. Starting shows
                            it; another id makes another run.
                        </p>
                    )}
                    {error && <Trouble error={error} />}
                    {trouble && <Trouble error={trouble} />}
                    <button type="submit" class="main" disabled={!answer || isStarting}>
                        {isStarting ? "Starting…" : "Start the run"}
                    </button>
                </form>
            </Panel>
        </div>
    );
}

// The latest text is checked a moment after the last key; answers to older ones are passed over.
function useCheck(text: string): Checked | undefined {
    const [checked, setChecked] = useState<Checked>();
    useEffect(() => {
        const leave = new AbortController();
        const timer = setTimeout(async () => {
            try {
                const answer = await post<CheckAnswer>("/api/check", text, leave.signal);
                if (!leave.signal.aborted) setChecked({ text, answer, problems: [], error: undefined });
            } catch (error) {
                if (leave.signal.aborted) return;
                setChecked({ text, answer: undefined, problems: problemsOf(error as Error), error: error as Error });
            }
        }, CheckAfter);
        return () => {
            clearTimeout(timer);
            leave.abort();
        };
    }, [text]);
    return checked;
}

// The error for a body that is not JSON is in words: "…, line 3, byte 7: …".
function problemsOf(error: Error): RecipeProblem[] {
    if (!(error instanceof ApiError)) return [];
    if (error.problems.length > 0) return error.problems;
    const place = /line (\d+), byte (\d+): ([^]*)$/.exec(error.message);
    if (!place) return [];
    return [
        {
            file: "",
            line: Number(place[1]),
            column: Number(place[2]),
            path: "",
            value: "",
            message: place[3]!,
            allowed: "JSON; comments may stand in it",
        },
    ];
}
