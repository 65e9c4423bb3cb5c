import { tokens } from "./json.ts";

/** A place as line and column, from 1. */
export function placeOf(text: string, at: number): { line: number; column: number } {
    const before = text.slice(0, at);
    const start = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: at - start + 1 };
}

/** What a problem is about: the token at its line and column, else the line. */
export function rangeOf(text: string, problem: { line: number; column: number }): { from: number; to: number } {
    let from = 0;
    for (let line = 1; line < problem.line; line++) {
        const end = text.indexOf("\n", from);
        if (end < 0) break;
        from = end + 1;
    }
    const end = text.indexOf("\n", from);
    const lineEnd = end < 0 ? text.length : end;
    const at = Math.min(lineEnd, from + Math.max(0, problem.column - 1));
    const token = tokens(text.slice(at, lineEnd))[0];
    return token ? { from: at + token.from, to: at + token.to } : { from, to: lineEnd };
}
