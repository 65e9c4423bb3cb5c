import type { Schema } from "./schema.ts";

/** A schema as it is written: parts of it stand under `$defs` once, and are referred to. */
export type WrittenSchema = Schema & { $ref?: string; $defs?: Record<string, WrittenSchema> };

const Beginning = "#/$defs/";

/**
 * Puts what is referred to where it is referred to, so that a reader of the schema meets no reference. A definition is
 * linked once; one that holds itself ends in a circle of objects.
 */
export function linked(root: WrittenSchema): Schema {
    const definitions = root.$defs ?? {};
    const done = new Map<string, Record<string, unknown>>();

    function definition(reference: string): Record<string, unknown> {
        const name = reference.slice(Beginning.length).replaceAll("~1", "/").replaceAll("~0", "~");
        const known = done.get(name);
        if (known) return known;
        const written = reference.startsWith(Beginning) ? definitions[name] : undefined;
        if (!written) throw new Error(`The recipes' schema refers to ${reference}, which it does not define.`);
        const target: Record<string, unknown> = {};
        done.set(name, target);
        return Object.assign(target, link(written));
    }

    function link(value: unknown): unknown {
        if (Array.isArray(value)) return value.map(link);
        if (value === null || typeof value !== "object") return value;
        const { $ref, ...own } = value as Record<string, unknown>;
        const parts = Object.fromEntries(Object.entries(own).map(([name, part]) => [name, link(part)]));
        if (typeof $ref !== "string") return parts;
        const target = definition($ref);
        return Object.keys(parts).length === 0 ? target : { ...parts, allOf: [target, ...((parts.allOf as unknown[]) ?? [])] };
    }

    const { $defs: _, ...rest } = root;
    return link(rest) as Schema;
}
