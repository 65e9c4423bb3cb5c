/** A curve of a chart. */
export interface Curve {
    name: string;
    /** What the legend calls it, where that is not its name. */
    legend?: string;
    steps: readonly number[];
    values: readonly number[];
    /** Which of the palette's colours, from 0. */
    hue: number;
    points?: boolean;
    dashed?: boolean;
}
