import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RecipeProblem } from "../api/types.ts";
import { spotAt, tokens } from "./json.ts";
import { explanation, proposals, type Proposal, type Schema } from "./schema.ts";
import { Completion } from "./Completion.tsx";
import { placeOf, rangeOf } from "./places.ts";

interface Props {
    text: string;
    onChange: (text: string) => void;
    schema: Schema | undefined;
    problems: readonly RecipeProblem[];
    /** A problem to go to: the number makes the same one wanted twice. */
    goTo: { problem: RecipeProblem; turn: number } | undefined;
    label: string;
}

const MostProposals = 60;
const MostPainted = 200_000;

/**
 * A recipe in a plain text field: what is under it paints, what is beside it counts lines. Ctrl-Space, or typing, proposes what
 * the schema allows.
 */
export function Editor({ text, onChange, schema, problems, goTo, label }: Props) {
    const field = useRef<HTMLTextAreaElement>(null);
    const paint = useRef<HTMLPreElement>(null);
    const gutter = useRef<HTMLDivElement>(null);
    const [caret, setCaret] = useState(0);
    const [open, setOpen] = useState<{ list: Proposal[]; from: number; to: number; at: number } | undefined>();
    const wanted = useRef<number | undefined>(undefined);
    const asked = useRef(false);
    const spot = useMemo(() => (schema ? spotAt(text, caret) : undefined), [schema, text, caret]);
    const told = useMemo(() => (schema && spot ? explanation(schema, spot, text) : undefined), [schema, spot, text]);

    useLayoutEffect(() => {
        if (wanted.current === undefined || !field.current) return;
        field.current.setSelectionRange(wanted.current, wanted.current);
        setCaret(wanted.current);
        wanted.current = undefined;
    }, [text]);

    useEffect(() => {
        if (!goTo || !field.current) return;
        const { from, to } = rangeOf(text, goTo.problem);
        field.current.focus();
        field.current.setSelectionRange(from, to);
        const line = placeOf(text, from).line;
        field.current.scrollTop = Math.max(0, (line - 4) * lineHeight(field.current));
        setCaret(from);
    }, [goTo]);

    const scroll = (): void => {
        if (!field.current || !paint.current || !gutter.current) return;
        paint.current.scrollTop = gutter.current.scrollTop = field.current.scrollTop;
        paint.current.scrollLeft = field.current.scrollLeft;
    };
    useLayoutEffect(scroll);

    const propose = (value: string, at: number): void => {
        asked.current = schema === undefined;
        const here = schema ? spotAt(value, at) : undefined;
        const list = schema && here ? proposals(schema, here, value).slice(0, MostProposals) : [];
        setOpen(list.length > 0 && here ? { list, from: here.from, to: here.to, at: 0 } : undefined);
    };
    // What was asked for before the schema had come is answered when it comes.
    useEffect(() => {
        if (schema && asked.current && field.current) propose(field.current.value, field.current.selectionStart);
    }, [schema]);
    // As if it was typed, so that it can be undone.
    const put = (from: number, to: number, insert: string, at: number): void => {
        wanted.current = from + at;
        setOpen(undefined);
        field.current!.focus();
        field.current!.setSelectionRange(from, to);
        document.execCommand("insertText", false, insert);
    };
    const take = (proposal: Proposal): void => {
        if (open) put(open.from, open.to, proposal.insert, proposal.caret);
    };

    const onKeyDown = (event: KeyboardEvent): void => {
        const element = event.currentTarget as HTMLTextAreaElement;
        if (event.ctrlKey && event.key === " ") {
            event.preventDefault();
            propose(text, element.selectionStart);
        } else if (open && event.key === "Escape") {
            event.preventDefault();
            setOpen(undefined);
        } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            event.preventDefault();
            const step = event.key === "ArrowDown" ? 1 : open.list.length - 1;
            setOpen({ ...open, at: (open.at + step) % open.list.length });
        } else if (open && (event.key === "Enter" || event.key === "Tab")) {
            event.preventDefault();
            take(open.list[open.at]!);
        } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            const at = element.selectionStart;
            const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", at - 1) + 1, at))![0];
            const opens = /[{[]\s*$/.test(text.slice(0, at));
            const closes = opens && /^[ \t]*[}\]]/.test(text.slice(at));
            const insert = `\n${indent}${opens ? "  " : ""}`;
            put(at, element.selectionEnd, closes ? `${insert}\n${indent}` : insert, insert.length);
        }
    };

    const lines = text.split("\n").length;
    const bad = new Map(problems.map(problem => [problem.line, problem]));
    return (
        <div class="editor">
            <div class="editor-gutter" ref={gutter} aria-hidden="true">
                {Array.from({ length: lines }, (_, at) => (
                    <div class={bad.has(at + 1) ? "bad" : undefined} title={bad.get(at + 1)?.message} key={at}>
                        {at + 1}
                    </div>
                ))}
            </div>
            <div class="editor-field">
                <pre class="editor-paint" ref={paint} aria-hidden="true">
                    <Painted text={text} problems={problems} />
                    {"\n"}
                </pre>
                <textarea
                    ref={field}
                    value={text}
                    spellcheck={false}
                    autocomplete="off"
                    autocapitalize="off"
                    wrap="off"
                    aria-label={label}
                    aria-describedby="editor-help"
                    aria-autocomplete="list"
                    aria-haspopup="listbox"
                    aria-controls={open ? "completion" : undefined}
                    aria-activedescendant={open ? `completion-${open.at}` : undefined}
                    onScroll={() => {
                        scroll();
                        setOpen(undefined);
                    }}
                    onKeyDown={onKeyDown}
                    onBlur={() => {
                        asked.current = false;
                        setOpen(undefined);
                    }}
                    onSelect={event => setCaret(event.currentTarget.selectionStart)}
                    onInput={event => {
                        const { value, selectionStart } = event.currentTarget;
                        setCaret(selectionStart);
                        onChange(value);
                        if (
                            wanted.current === undefined &&
                            /[\w"/-]/.test(value[selectionStart - 1] ?? "") &&
                            (event as InputEvent).inputType?.startsWith("insert")
                        )
                            propose(value, selectionStart);
                        else setOpen(undefined);
                    }}
                />
                {open && field.current && (
                    <Completion list={open.list} at={open.at} place={placeOf(text, open.from)} field={field.current} onTake={take} />
                )}
            </div>
            <p class="editor-told" id="editor-help">
                {told ? (
                    <>
                        <code>{told.path}</code> {told.description} {told.allowed && <span class="muted">({told.allowed})</span>}
                    </>
                ) : (
                    <span class="muted">Ctrl-Space proposes what may stand at the caret.</span>
                )}
            </p>
        </div>
    );
}

const lineHeight = (of: HTMLElement): number => parseFloat(getComputedStyle(of).lineHeight);

function Painted({ text, problems }: { text: string; problems: readonly RecipeProblem[] }) {
    if (text.length > MostPainted) return <>{text}</>;
    const ranges = problems.map(problem => rangeOf(text, problem));
    const parts = [];
    let at = 0;
    for (const token of tokens(text)) {
        if (token.from > at) parts.push(text.slice(at, token.from));
        const isKey = token.kind === "text" && /^\s*:/.test(text.slice(token.to, token.to + 20));
        const isBad = ranges.some(range => token.from < range.to && range.from < token.to);
        parts.push(
            <span class={`t-${isKey ? "key" : token.kind}${isBad ? " t-bad" : ""}`} key={token.from}>
                {text.slice(token.from, token.to)}
            </span>,
        );
        at = token.to;
    }
    return (
        <>
            {parts}
            {text.slice(at)}
        </>
    );
}
