// JSON with comments and trailing commas, read as far as it goes: while somebody types, a text is hardly ever whole.

export type TokenKind = "text" | "number" | "word" | "sign" | "comment" | "unknown";

export interface Token {
    kind: TokenKind;
    from: number;
    to: number;
}

export interface JsonNode {
    kind: "object" | "array" | "text" | "number" | "word" | "missing";
    from: number;
    to: number;
    members: Member[];
    items: JsonNode[];
    /** A text's, number's or word's value. */
    value: unknown;
}

export interface Member {
    key: string;
    keyFrom: number;
    keyTo: number;
    node: JsonNode;
}

const Pattern = /(\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))|("(?:[^"\\\n]|\\[^\n])*"?)|(-?\d[\d.eE+-]*)|([A-Za-z_$][\w$]*)|([{}[\]:,])|([^\s])/g;
const Kinds: readonly TokenKind[] = ["comment", "text", "number", "word", "sign", "unknown"];

/** All that a text is made of but white space. */
export function tokens(text: string): Token[] {
    return [...text.matchAll(Pattern)].map(match => ({
        kind: Kinds[match.slice(1).findIndex(group => group !== undefined)]!,
        from: match.index,
        to: match.index + match[0].length,
    }));
}

/** Reads a text; what is missing is a node of that kind. */
export function parse(text: string): JsonNode {
    return new Parser(text).value();
}

class Parser {
    readonly #text: string;
    readonly #tokens: Token[];
    #at = 0;

    constructor(text: string) {
        this.#text = text;
        this.#tokens = tokens(text).filter(token => token.kind !== "comment");
    }

    value(): JsonNode {
        const token = this.#tokens[this.#at];
        if (!token) return node("missing", this.#text.length, this.#text.length);
        const sign = this.#text.slice(token.from, token.to);
        if (sign === "{") return this.#object();
        if (sign === "[") return this.#array();
        if (token.kind === "sign") return node("missing", token.from, token.from);
        this.#at++;
        if (token.kind === "text") return { ...node("text", token.from, token.to), value: unquote(sign) };
        if (token.kind === "number") return { ...node("number", token.from, token.to), value: Number(sign) };
        return {
            ...node("word", token.from, token.to),
            value: sign === "true" ? true : sign === "false" ? false : sign === "null" ? null : sign,
        };
    }

    #object(): JsonNode {
        const object = node("object", this.#tokens[this.#at++]!.from, this.#text.length);
        for (;;) {
            const token = this.#tokens[this.#at];
            if (!token) return object;
            const sign = this.#sign(token);
            if (sign === "}") return this.#close(object, token);
            if (sign === "]") return { ...object, to: token.from };
            if (sign === "," || sign === ":") {
                this.#at++;
                continue;
            }
            if (token.kind === "sign") {
                this.value(); // a brace without a key
                continue;
            }
            this.#at++;
            const colon = this.#tokens[this.#at];
            const has = colon !== undefined && this.#sign(colon) === ":";
            if (has) this.#at++;
            const value = has ? this.value() : node("missing", token.to, token.to);
            object.members.push({ key: unquote(sign), keyFrom: token.from, keyTo: token.to, node: value });
        }
    }

    #array(): JsonNode {
        const array = node("array", this.#tokens[this.#at++]!.from, this.#text.length);
        for (;;) {
            const token = this.#tokens[this.#at];
            if (!token) return array;
            const sign = this.#sign(token);
            if (sign === "]") return this.#close(array, token);
            if (sign === "}") return { ...array, to: token.from };
            if (sign === "," || sign === ":") this.#at++;
            else array.items.push(this.value());
        }
    }

    #close(of: JsonNode, token: Token): JsonNode {
        this.#at++;
        of.to = token.to;
        return of;
    }

    #sign(token: Token): string {
        return this.#text.slice(token.from, token.to);
    }
}

const node = (kind: JsonNode["kind"], from: number, to: number): JsonNode => ({ kind, from, to, members: [], items: [], value: undefined });

/** A text without its quotes. */
export function unquote(text: string): string {
    if (!text.startsWith('"')) return text;
    try {
        return JSON.parse(text.length > 1 && text.endsWith('"') ? text : `${text}"`) as string;
    } catch {
        return text.replace(/^"|"$/g, "");
    }
}

/** A node as the value that it stands for. */
export function toValue(of: JsonNode): unknown {
    if (of.kind === "object") return Object.fromEntries(of.members.map(member => [member.key, toValue(member.node)]));
    if (of.kind === "array") return of.items.map(toValue);
    return of.value;
}

/** Where a place in a text is: the path of keys to it, and what stands there. */
export interface Spot {
    path: (string | number)[];
    /** The objects on the way, the innermost last; they decide which of a schema's forms is meant. */
    holders: JsonNode[];
    /** Whether a key is being typed, or a value. */
    wants: "key" | "value";
    /** What stands there already, quotes included, from `from` to `to`; of a text that has no end yet, up to the caret. */
    from: number;
    to: number;
    /** The caret. */
    at: number;
}

/** Finds out what is wanted at a place. */
export function spotAt(text: string, at: number): Spot | undefined {
    const inside = tokens(text).find(token => token.from < at && at < token.to);
    if (inside?.kind === "comment") return undefined;
    let current = parse(text);
    const path: (string | number)[] = [];
    const holders: JsonNode[] = [];
    for (;;) {
        if (current.kind === "object" && current.from < at) {
            holders.push(current);
            const own = current.members.find(member => member.keyFrom <= at && at <= member.keyTo);
            if (own) return { path, holders, wants: "key", from: own.keyFrom, to: endOf(text, own.keyFrom, own.keyTo, at), at };
            const next = current.members.find(
                (member, place) => at > member.keyTo && at <= valueEnd(member, current.members[place + 1], text),
            );
            if (!next) return { path, holders, wants: "key", from: at, to: at, at };
            path.push(next.key);
            const value = next.node;
            if ((value.kind === "object" || value.kind === "array") && value.from < at) {
                current = value;
                continue;
            }
            const isThere = value.kind !== "missing" && value.from <= at && at <= value.to;
            return {
                path,
                holders,
                wants: "value",
                from: isThere ? value.from : at,
                to: isThere ? endOf(text, value.from, value.to, at) : at,
                at,
            };
        }
        if (current.kind === "array" && current.from < at) {
            const place = current.items.findIndex(item => item.from <= at && at <= item.to);
            path.push(place < 0 ? current.items.length : place);
            const item = current.items[place];
            if (item && (item.kind === "object" || item.kind === "array") && item.from < at) {
                current = item;
                continue;
            }
            return { path, holders, wants: "value", from: item?.from ?? at, to: item ? endOf(text, item.from, item.to, at) : at, at };
        }
        return undefined;
    }
}

// A text without its closing quote takes the rest of its line, which is not meant.
const endOf = (text: string, from: number, to: number, at: number): number =>
    text[from] === '"' && (to === from + 1 || text[to - 1] !== '"') ? at : to;

// A member's value goes on to its end; one that is missing, to the comma, or to the next key.
function valueEnd(member: Member, next: Member | undefined, text: string): number {
    if (member.node.kind !== "missing") return member.node.to - (member.node.kind === "object" || member.node.kind === "array" ? 1 : 0);
    const comma = tokens(text).find(token => token.from >= member.keyTo && text[token.from] === ",");
    return Math.min(comma?.from ?? text.length, next ? next.keyFrom - 1 : text.length);
}
