import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api/client.ts";
import { useNow } from "../state/hooks.ts";
import { ago, moment } from "./format.ts";
import { visible } from "./visible.ts";

/** A state as a word with a dot of its colour. */
export function Badge({ state, children }: { state: string; children?: ComponentChildren }) {
    return (
        <span class={`badge ${state}`}>
            <span class="dot" aria-hidden="true" />
            {children ?? state}
        </span>
    );
}

/** How far something is. */
export function Progress({ done, total, label, state = "" }: { done: number; total: number; label: string; state?: string }) {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    return (
        <div
            class={`progress ${state}`}
            role="progressbar"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={total || 1}
            aria-valuenow={done}
        >
            <div style={{ width: `${share * 100}%` }} />
        </div>
    );
}

/** How long ago, with the moment itself on hover. */
export function Ago({ time }: { time: string | undefined }) {
    const now = useNow();
    return time === undefined ? (
        <span>–</span>
    ) : (
        <time dateTime={time} title={moment(time)}>
            {ago(time, now)}
        </time>
    );
}

/** What there is to say where there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <p class="empty-title">{title}</p>
            {children && <div class="empty-text">{children}</div>}
        </div>
    );
}

/** What went wrong, in the service's words. */
export function Trouble({ error, again }: { error: Error; again?: () => void }) {
    return (
        <div class="trouble" role="alert">
            <p>
                <strong>{error instanceof ApiError ? `${error.status}` : "No answer"}</strong> <Words text={error.message} />
            </p>
            {again && (
                <button type="button" class="small" onClick={again}>
                    Try again
                </button>
            )}
        </div>
    );
}

/** What a model, a recipe or a worker said: text and nothing else. */
export const Words = ({ text }: { text: string }) => <bdi class="words">{visible(text)}</bdi>;

/** Something on its way. */
export const Waiting = ({ what }: { what: string }) => (
    <p class="waiting" role="status">
        Loading {what}…
    </p>
);

/** A figure under its name. */
export function Fact({ name, children, title }: { name: string; children: ComponentChildren; title?: string }) {
    return (
        <div class="fact" title={title}>
            <dt>{name}</dt>
            <dd>{children}</dd>
        </div>
    );
}

/** A box with a heading. */
export function Panel({
    title,
    tools,
    children,
    id,
}: {
    title: string;
    tools?: ComponentChildren;
    children: ComponentChildren;
    id?: string;
}) {
    return (
        <section class="panel" id={id} aria-label={title}>
            <header>
                <h2>{title}</h2>
                {tools && <div class="tools">{tools}</div>}
            </header>
            {children}
        </section>
    );
}

/** A window over the page that asks something; Escape and the backdrop close it. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const before = document.activeElement;
        dialog.current?.showModal();
        return () => (before as HTMLElement | null)?.focus();
    }, []);
    return (
        <dialog
            ref={dialog}
            aria-label={title}
            onClose={onClose}
            onClick={event => event.target === dialog.current && dialog.current?.close()}
        >
            <div class="dialog">
                <header>
                    <h2>{title}</h2>
                    <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
                        ×
                    </button>
                </header>
                {children}
            </div>
        </dialog>
    );
}

/** A choice of a few words, of which one is taken. */
export function Choice<T extends string>(props: {
    label: string;
    options: readonly { value: T; text: string }[];
    value: T;
    onChange: (value: T) => void;
}) {
    return (
        <div class="choice" role="group" aria-label={props.label}>
            {props.options.map(option => (
                <button
                    type="button"
                    aria-pressed={option.value === props.value}
                    onClick={() => props.onChange(option.value)}
                    key={option.value}
                >
                    {option.text}
                </button>
            ))}
        </div>
    );
}

/** Gives a file to the person. */
export function save(name: string, content: Blob): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
