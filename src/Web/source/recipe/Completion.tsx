import { useLayoutEffect, useRef } from "preact/hooks";
import type { Proposal } from "./schema.ts";

interface Props {
    list: readonly Proposal[];
    at: number;
    place: { line: number; column: number };
    field: HTMLTextAreaElement;
    onTake: (proposal: Proposal) => void;
}

/** The list of what may stand at the caret, below it. */
export function Completion({ list, at, place, field, onTake }: Props) {
    const box = useRef<HTMLUListElement>(null);
    useLayoutEffect(() => {
        const style = getComputedStyle(field);
        const height = parseFloat(style.lineHeight);
        const left = parseFloat(style.paddingLeft) + (place.column - 1) * signWidth(style) - field.scrollLeft;
        const top = parseFloat(style.paddingTop) + place.line * height - field.scrollTop;
        const own = box.current!;
        own.style.left = `${Math.max(0, Math.min(left, field.clientWidth - own.offsetWidth - 8))}px`;
        const isAbove = top + own.offsetHeight > field.clientHeight && top > own.offsetHeight;
        own.style.top = `${isAbove ? top - height - own.offsetHeight : top}px`;
    }, [list, place.line, place.column]);
    useLayoutEffect(() => box.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
    return (
        <ul class="completion" role="listbox" id="completion" aria-label="What may stand here" ref={box}>
            {list.map((proposal, index) => (
                <li
                    role="option"
                    id={`completion-${index}`}
                    aria-selected={index === at}
                    key={proposal.label}
                    title={proposal.description}
                    onPointerDown={event => {
                        event.preventDefault();
                        onTake(proposal);
                    }}
                >
                    <code>{proposal.label}</code>
                    <span class="muted">{proposal.detail}</span>
                    {index === at && proposal.description && <span class="completion-text">{proposal.description}</span>}
                </li>
            ))}
        </ul>
    );
}

let measured: { font: string; width: number } | undefined;

function signWidth(style: CSSStyleDeclaration): number {
    const font = `${style.fontSize} ${style.fontFamily}`;
    if (measured?.font !== font) {
        const canvas = document.createElement("canvas").getContext("2d")!;
        canvas.font = font;
        measured = { font, width: canvas.measureText("0".repeat(100)).width / 100 };
    }
    return measured.width;
}
