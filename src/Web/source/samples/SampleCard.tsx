import { useState } from "preact/hooks";
import { get, pathOf } from "../api/client.ts";
import type { RewardPart, SampleRow, SampleRows, SampleSet } from "../api/types.ts";
import { count, figure } from "../ui/format.ts";
import { visible } from "../ui/visible.ts";
import { splitThought } from "./think.ts";
import { Scroll } from "../ui/Scroll.tsx";

const Whole = 1 << 20;

/** One completion: what was asked, what was thought and answered, what it earned and why. */
export function SampleCard({
    row,
    runId,
    set,
    isPromptKnown = false,
}: {
    row: SampleRow;
    runId: string;
    set: SampleSet;
    isPromptKnown?: boolean;
}) {
    const [whole, setWhole] = useState<SampleRow>();
    const [error, setError] = useState<Error>();
    const shown = whole ?? row;
    const isCut = (row.completionChars ?? 0) > row.completion.length || (row.promptChars ?? 0) > row.prompt.length;
    const loadWhole = async (): Promise<void> => {
        const query = {
            stage: set.stage,
            source: set.source,
            iteration: set.iteration,
            benchmark: set.benchmark,
            question: row.question,
            problem: row.problem,
            chars: Whole,
            limit: 200,
        };
        try {
            const answer = await get<SampleRows>(pathOf(["runs", runId, "samples", "rows"], query));
            setWhole(answer.rows.find(one => one.sample === row.sample && one.question === row.question && one.greedy === row.greedy));
        } catch (caught) {
            setError(caught as Error);
        }
    };
    return (
        <article class="sample" aria-label={`Sample ${row.sample ?? ""} of question ${row.question ?? row.problem ?? ""}`}>
            <header>
                <Marks row={row} />
                {row.reward !== undefined && (
                    <span class="sample-reward" title="Reward">
                        {row.dropped ? "not judged" : figure(row.reward)}
                    </span>
                )}
                {row.advantage !== undefined && (
                    <span class={row.advantage >= 0 ? "good" : "bad"} title="Advantage">
                        adv {row.advantage > 0 ? "+" : ""}
                        {figure(row.advantage)}
                    </span>
                )}
                {row.used === false && (
                    <span class="muted" title="The update left it out">
                        not learned from
                    </span>
                )}
                <span class="muted sample-meta">
                    {row.prompts && <bdi>{row.prompts} · </bdi>}
                    {row.question !== undefined && <>question {row.question}</>}
                    {row.sample !== undefined && <>, sample {row.sample}</>}
                    {row.tokens !== undefined && <> · {count(row.tokens)} tokens</>}
                    {row.checkpoint !== undefined && <> · model of step {count(row.checkpoint)}</>}
                    {row.engine && (
                        <>
                            {" "}
                            · <bdi>{row.engine}</bdi>
                        </>
                    )}
                </span>
            </header>
            {!isPromptKnown && <Prompt text={shown.prompt} answer={row.answer} />}
            <Completion text={shown.completion} />
            {isCut && !whole && (
                <button type="button" class="small" onClick={() => void loadWhole()}>
                    Show all {count(row.completionChars ?? row.completion.length)} characters
                </button>
            )}
            {error && <p class="bad">{error.message}</p>}
            {row.rewards && row.rewards.length > 0 && <Rewards parts={row.rewards} />}
        </article>
    );
}

/** Right or wrong, and what else is remarkable, as words. */
export function Marks({ row }: { row: Pick<SampleRow, "correct" | "formatted" | "truncated" | "greedy"> }) {
    return (
        <>
            {row.correct !== undefined && <span class={`tag ${row.correct ? "right" : "wrong"}`}>{row.correct ? "right" : "wrong"}</span>}
            {row.formatted === false && <span class="tag">no format</span>}
            {row.truncated && <span class="tag">cut off</span>}
            {row.greedy && <span class="tag">greedy</span>}
        </>
    );
}

/** What was asked, and the right answer. */
export function Prompt({ text, answer }: { text: string; answer: string | undefined }) {
    return (
        <Scroll class="question">
            <bdi>{visible(text)}</bdi>
            {answer !== undefined && (
                <span class="muted">
                    {" "}
                    right answer: <bdi class="answer">{visible(answer)}</bdi>
                </span>
            )}
        </Scroll>
    );
}

/** What the model wrote, its thinking apart; always as text. */
export function Completion({ text }: { text: string }) {
    const { before, think, closed, after } = splitThought(visible(text));
    return (
        <div class="completion-words" dir="auto">
            {before.trim() && (
                <Scroll as="pre" class="before">
                    {before}
                </Scroll>
            )}
            {think !== undefined && think.trim() === "" && <p class="muted thought-nothing">Thought nothing.</p>}
            {think !== undefined && think.trim() !== "" && (
                <details open={think.length < 1200}>
                    <summary>
                        Thinking{" "}
                        <span class="muted">
                            {count(think.length)} characters{closed ? "" : ", never ended"}
                        </span>
                    </summary>
                    <Scroll as="pre" class="thought">
                        {think.trim()}
                    </Scroll>
                </details>
            )}
            {after.trim() && (
                <Scroll as="pre" class="said">
                    {after.trim()}
                </Scroll>
            )}
        </div>
    );
}

function Rewards({ parts }: { parts: readonly RewardPart[] }) {
    return (
        <table class="reward-parts">
            <caption class="unseen">Reward by function</caption>
            <tbody>
                {parts.map(part => (
                    <tr key={part.name}>
                        <th scope="row">
                            <bdi>{part.name}</bdi>
                        </th>
                        <td class="number">
                            {part.score === undefined ? "" : figure(part.score)}
                            {part.weight !== undefined && <span class="muted"> × {figure(part.weight)}</span>}
                        </td>
                        <td class={part.outcome === "scored" ? "muted" : "bad"}>
                            {part.outcome !== "scored" && `${part.outcome}: `}
                            <bdi>{visible(part.reason ?? "")}</bdi>
                        </td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
