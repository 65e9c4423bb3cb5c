/** What a graph is made of: a node by its name, and the names of those that it builds on. */
export interface GraphNode {
    name: string;
    needs: readonly string[];
}

/** A node's place: its column, counted from what builds on nothing, and its row in the column. */
export interface Place {
    name: string;
    column: number;
    row: number;
}

/** Columns and rows of a graph. */
export interface Layout {
    places: Place[];
    columns: number;
    rows: number;
}

const Sweeps = 4;

/**
 * Puts a graph without cycles into columns, each node right of all that it needs, and orders the rows of a column by the mean row
 * of its neighbours, back and forth a few times, so that few lines cross. Needs that name nothing are passed over, and so are
 * those that would close a circle.
 */
export function layout(nodes: readonly GraphNode[]): Layout {
    const known = new Map(nodes.map(node => [node.name, node]));
    const needs = new Map(nodes.map(node => [node.name, node.needs.filter(name => known.has(name) && name !== node.name)]));
    const column = new Map<string, number>();
    const open = new Set<string>();
    const place = (name: string): number => {
        const done = column.get(name);
        if (done !== undefined) return done;
        if (open.has(name)) return -1;
        open.add(name);
        const own = Math.max(-1, ...needs.get(name)!.map(place)) + 1;
        open.delete(name);
        column.set(name, own);
        return own;
    };
    for (const node of nodes) place(node.name);

    const columns: string[][] = [];
    for (const node of nodes) (columns[column.get(node.name)!] ??= []).push(node.name);
    for (let at = 0; at < columns.length; at++) columns[at] ??= [];
    const users = new Map<string, string[]>(nodes.map(node => [node.name, []]));
    for (const [name, list] of needs) for (const need of list) users.get(need)!.push(name);
    for (let sweep = 0; sweep < Sweeps; sweep++) {
        const forward = sweep % 2 === 0;
        const order = forward ? columns : [...columns].reverse();
        for (const names of order) sort(names, name => (forward ? needs : users).get(name)!, columns);
    }
    return {
        places: columns.flatMap((names, at) => names.map((name, row) => ({ name, column: at, row }))),
        columns: columns.length,
        rows: Math.max(0, ...columns.map(names => names.length)),
    };
}

function sort(names: string[], neighbours: (name: string) => string[], columns: string[][]): void {
    const rows = new Map(columns.flatMap(column => column.map((name, row) => [name, row] as const)));
    const weight = new Map(
        names.map((name, row) => {
            const found = neighbours(name).map(other => rows.get(other)!);
            return [name, found.length > 0 ? found.reduce((sum, value) => sum + value, 0) / found.length : row] as const;
        }),
    );
    names.sort((a, b) => weight.get(a)! - weight.get(b)! || rows.get(a)! - rows.get(b)!);
}
