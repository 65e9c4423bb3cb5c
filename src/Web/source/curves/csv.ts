/** A column of figures over steps. */
export interface Column {
    name: string;
    steps: readonly number[];
    values: readonly number[];
}

/** Columns as CSV (RFC 4180) with a row a step; a cell is empty where a column has no figure. */
export function toCsv(columns: readonly Column[]): string {
    const steps = [...new Set(columns.flatMap(column => column.steps))].sort((a, b) => a - b);
    const maps = columns.map(column => new Map(column.steps.map((step, at) => [step, column.values[at]!])));
    const lines = [["step", ...columns.map(column => column.name)].map(cell).join(",")];
    for (const step of steps) lines.push([String(step), ...maps.map(map => (map.has(step) ? String(map.get(step)) : ""))].join(","));
    return lines.join("\r\n") + "\r\n";
}

// A text that begins like a formula would be one in a spreadsheet.
function cell(text: string): string {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
