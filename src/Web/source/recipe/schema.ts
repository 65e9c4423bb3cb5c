import { toValue, type JsonNode, type Spot } from "./json.ts";

/** As much of JSON Schema as the recipes' schema uses. */
export interface Schema {
    title?: string;
    description?: string;
    type?: string | string[];
    properties?: Record<string, Schema>;
    additionalProperties?: boolean | Schema;
    propertyNames?: Schema;
    items?: Schema;
    anyOf?: Schema[];
    allOf?: Schema[];
    if?: Schema;
    then?: Schema;
    else?: Schema;
    enum?: unknown[];
    const?: unknown;
    default?: unknown;
    required?: string[];
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
}

/** Something that may stand at a place. */
export interface Proposal {
    /** What the list shows. */
    label: string;
    /** What goes into the text. */
    insert: string;
    /** Where the caret is put, counted from the begin of what was inserted. */
    caret: number;
    detail: string;
    description: string;
}

/** What may stand at a place, most wanted first, by what is typed already. */
export function proposals(root: Schema, spot: Spot, text: string): Proposal[] {
    const schemas = schemasAt(root, spot);
    const typed = text.slice(spot.from, spot.at).replace(/^"|"$/g, "").toLowerCase();
    const all = spot.wants === "key" ? keys(schemas, spot, text) : values(schemas);
    const seen = new Set<string>();
    return all
        .filter(one => !seen.has(one.label) && seen.add(one.label))
        .map(one => ({ one, rank: rank(one.label.toLowerCase(), typed) }))
        .filter(entry => entry.rank < 3)
        .sort((a, b) => a.rank - b.rank)
        .map(entry => entry.one);
}

/** What the schema says of the field at a place. */
export function explanation(root: Schema, spot: Spot, text: string): { path: string; description: string; allowed: string } | undefined {
    const key = spot.wants === "key" ? text.slice(spot.from, spot.to).replace(/^"|"$/g, "") : undefined;
    const schemas =
        key === undefined
            ? schemasAt(root, spot)
            : schemasAt(root, spot)
                  .map(schema => property(schema, key))
                  .filter(isThere);
    const path = [...spot.path, ...(key ? [key] : [])].join(".");
    const told = schemas.find(schema => schema.description);
    return told && path ? { path, description: told.description!, allowed: allowedBy(told) } : undefined;
}

/** The schemas that hold for what is at a place. */
export function schemasAt(root: Schema, spot: Spot): Schema[] {
    let current = forms(root, spot.holders[0]);
    let holder = 1;
    spot.path.forEach((part, at) => {
        const next = current.flatMap(schema => (typeof part === "number" ? [schema.items] : [property(schema, part)])).filter(isThere);
        // An array holds no fields: what decides its items' form is the object in it.
        const inner = typeof spot.path[at + 1] === "number" ? undefined : spot.holders[holder++];
        current = next.flatMap(schema => forms(schema, inner));
    });
    return current;
}

// A schema and those of its forms that fit what is there; all of them while nothing tells which.
function forms(schema: Schema, of: JsonNode | undefined): Schema[] {
    const all: Schema[] = [schema];
    for (const part of schema.allOf ?? []) all.push(...forms(part, of));
    const any = schema.anyOf ?? [];
    const fitting = of?.kind === "object" ? any.filter(form => fits(form, of)) : any;
    for (const form of fitting.length > 0 ? fitting : any) all.push(...forms(form, of));
    if (schema.if && of) {
        const chosen = fits(schema.if, of) ? schema.then : schema.else;
        if (chosen) all.push(...forms(chosen, of));
    }
    return all;
}

// By the fields with a fixed value, `kind` above all.
function fits(schema: Schema, of: JsonNode): boolean {
    return Object.entries(schema.properties ?? {}).every(([name, field]) => {
        const there = of.members.find(member => member.key === name);
        if (!there || there.node.kind === "missing") return !(schema.required ?? []).includes(name);
        if (field.const !== undefined) return toValue(there.node) === field.const;
        return field.enum === undefined || Object.keys(schema.properties!).length > 3 || field.enum.includes(toValue(there.node));
    });
}

function property(schema: Schema, name: string): Schema | undefined {
    const own = schema.properties?.[name];
    if (own) return own;
    return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

function keys(schemas: Schema[], spot: Spot, text: string): Proposal[] {
    const holder = spot.holders.at(-1);
    const taken = new Set(holder?.members.filter(member => member.keyFrom !== spot.from).map(member => member.key));
    const hasColon = /^\s*:/.test(text.slice(spot.to));
    return schemas
        .flatMap(schema => Object.entries(schema.properties ?? {}))
        .filter(([name]) => !taken.has(name))
        .map(([name, field]) => {
            const begin = hasColon ? "" : `: ${skeleton(field)}`;
            const insert = `"${name}"${begin}`;
            return {
                label: name,
                insert,
                caret: hasColon || begin === ": " ? insert.length : insert.length - (/["}\]]$/.test(insert) ? 1 : 0),
                detail: typeOf(field),
                description: field.description ?? "",
            };
        });
}

function values(schemas: Schema[]): Proposal[] {
    return schemas.flatMap(schema => {
        const fixed = schema.const !== undefined ? [schema.const] : (schema.enum ?? []);
        const found = fixed.map(value => proposal(value, schema, schema.const !== undefined ? (schema.title ?? "") : ""));
        if (fixed.length === 0 && isA(schema, "boolean")) found.push(proposal(true, schema, ""), proposal(false, schema, ""));
        if (schema.default !== undefined && typeof schema.default !== "object" && !fixed.includes(schema.default))
            found.unshift(proposal(schema.default, schema, "default"));
        if (found.length === 0 && (isA(schema, "object") || isA(schema, "array"))) {
            const text = isA(schema, "object") ? "{}" : "[]";
            found.push({ label: text, insert: text, caret: 1, detail: typeOf(schema), description: schema.description ?? "" });
        }
        return found;
    });
}

function proposal(value: unknown, schema: Schema, detail: string): Proposal {
    const insert = JSON.stringify(value);
    return { label: String(value), insert, caret: insert.length, detail, description: schema.description ?? "" };
}

function skeleton(schema: Schema): string {
    if (isA(schema, "object")) return "{}";
    if (isA(schema, "array")) return "[]";
    return isA(schema, "string") && !schema.enum ? '""' : "";
}

const isA = (schema: Schema, type: string): boolean => (Array.isArray(schema.type) ? schema.type.includes(type) : schema.type === type);

const typeOf = (schema: Schema): string =>
    schema.enum ? "choice" : Array.isArray(schema.type) ? schema.type.filter(type => type !== "null").join(" or ") : (schema.type ?? "");

function allowedBy(schema: Schema): string {
    const parts: string[] = [];
    if (schema.enum) parts.push(schema.enum.map(value => JSON.stringify(value)).join(", "));
    else if (typeOf(schema)) parts.push(typeOf(schema));
    if (schema.minimum !== undefined) parts.push(`from ${schema.minimum}`);
    if (schema.exclusiveMinimum !== undefined) parts.push(`above ${schema.exclusiveMinimum}`);
    if (schema.maximum !== undefined) parts.push(`to ${schema.maximum}`);
    if (schema.exclusiveMaximum !== undefined) parts.push(`below ${schema.exclusiveMaximum}`);
    if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
    return parts.join("; ");
}

function rank(label: string, typed: string): number {
    if (typed === "" || label.startsWith(typed)) return 0;
    if (label.includes(typed)) return 1;
    return isIn(typed, label) ? 2 : 3;
}

// Whether the letters of one stand in the other in that order.
function isIn(short: string, long: string): boolean {
    let at = 0;
    for (const sign of long) if (sign === short[at]) at++;
    return at === short.length;
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;
