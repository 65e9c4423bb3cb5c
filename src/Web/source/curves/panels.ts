/** A chart of a stage's curves: by their names, `*` standing for what is there. */
export interface PanelSpec {
    title: string;
    names: readonly string[];
    /** Held-out figures, drawn as points on the same axes. */
    points?: readonly string[];
    stacked?: boolean;
    /** What parts that are stacked add up to, drawn in their place where several runs are compared. */
    sum?: string;
    unit?: "s" | "share";
    /** Whether the stage's controls are drawn under it. */
    controls?: boolean;
}

/** The charts that a stage has by itself, in the order in which people look at them; those without a figure are left out. */
export const Panels: readonly PanelSpec[] = [
    { title: "Reward", names: ["reward/mean"] },
    { title: "Accuracy", names: ["accuracy"], points: ["eval/pass_at_1", "eval/greedy_accuracy"], unit: "share", controls: true },
    { title: "Format", names: ["format"], points: ["eval/format", "eval/greedy_format"], unit: "share" },
    { title: "Loss", names: ["loss", "held_out/loss"] },
    { title: "Completion length", names: ["completions/mean_length"], points: ["eval/mean_length"] },
    { title: "Entropy", names: ["entropy"] },
    { title: "KL to the reference", names: ["kl"] },
    { title: "Clipped tokens", names: ["clip_ratio/low", "clip_ratio/high", "clip_ratio"], unit: "share" },
    { title: "Gradient norm", names: ["grad_norm"] },
    { title: "Learning rate", names: ["lr"] },
    { title: "Groups that teach nothing", names: ["frac_reward_zero_std"], unit: "share" },
    { title: "Questions that teach", names: ["questions/useful_ratio", "curriculum/from_band"], unit: "share" },
    { title: "Curriculum", names: ["curriculum/problems", "curriculum/in_band"] },
    { title: "Against the teacher", names: ["teacher/reverse_kl", "teacher/jsd"] },
    { title: "Sampler against trainer", names: ["sampling/sampling_logp_difference/mean", "sampling/kl"] },
    { title: "Load of the experts", names: ["experts/load/max", "experts/load/min"] },
    { title: "Completions cut off", names: ["completions/clipped_ratio"], unit: "share" },
    { title: "Tokens a second", names: ["tokens_per_second/generation", "tokens_per_second/update", "tokens_per_second"] },
    {
        title: "Time of a step",
        names: ["time/generation", "time/reward", "time/update", "time/storage", "time/waiting"],
        stacked: true,
        sum: "time/step",
        unit: "s",
    },
    { title: "Staleness", names: ["policy/staleness"] },
    { title: "Updates taken again", names: ["update/replayed"] },
    { title: "Reward by function", names: ["rewards/*/mean"] },
    { title: "Reward by source", names: ["sources/*/reward/mean"] },
    { title: "Scores", names: ["scores/accuracy", "held_out/accuracy", "held_out/auc"] },
];

/** Curves that the overview of a run shows. */
export const Overview: readonly string[] = ["Reward", "Accuracy", "Loss", "Completion length", "Entropy", "Time of a step"];

/** The names of a stage that a panel's names mean. */
export function expand(names: readonly string[], known: ReadonlySet<string>): string[] {
    return names.flatMap(name => {
        if (!name.includes("*")) return known.has(name) ? [name] : [];
        const [before, after] = name.split("*", 2) as [string, string];
        return [...known]
            .filter(other => other.startsWith(before) && other.endsWith(after) && other.length > before.length + after.length)
            .sort();
    });
}

/** The panels of a stage that have a figure, for one run or for several over each other. */
export const panelsOf = (known: ReadonlySet<string>, runs = 1): PanelSpec[] =>
    Panels.map(panel => (runs > 1 && panel.sum !== undefined ? { title: panel.title, names: [panel.sum] } : panel))
        .map((panel: PanelSpec) => ({ ...panel, names: expand(panel.names, known), points: expand(panel.points ?? [], known) }))
        .filter(panel => panel.names.length + panel.points.length > 0);
