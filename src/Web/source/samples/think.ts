/** A completion taken apart: what it thought, and what stands before and after. */
export interface Thought {
    before: string;
    think: string | undefined;
    /** Whether the thinking has an end. */
    closed: boolean;
    after: string;
}

/**
 * Finds the first think block; one that is never closed goes on to the end. Prompts that end with `<think>` leave only its end in
 * the completion.
 */
export function splitThought(text: string): Thought {
    const start = text.indexOf("<think>");
    const end = text.indexOf("</think>", start < 0 ? 0 : start);
    if (start < 0 && end < 0) return { before: text, think: undefined, closed: true, after: "" };
    const from = start < 0 ? 0 : start + "<think>".length;
    return {
        before: start < 0 ? "" : text.slice(0, start),
        think: text.slice(from, end < 0 ? undefined : end),
        closed: end >= 0,
        after: end < 0 ? "" : text.slice(end + "</think>".length),
    };
}
