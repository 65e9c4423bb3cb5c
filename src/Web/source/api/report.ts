// The report as the API answers it: as much of it as the page shows.

import type { StageOrigin, TimeBreakdown } from "./types.ts";

export interface EvaluationFigures {
    greedyAccuracy?: number;
    passAt1?: number;
    passAt1Interval?: number;
    passAtK?: number;
    consAtK?: number;
    format?: number;
    meanLength: number;
    problems: number;
    samples: number;
}

export interface StageReport {
    name: string;
    label: string;
    kind: string;
    summary: string;
    reusedFrom?: StageOrigin;
    benchmarks: { name: string; after?: EvaluationFigures }[];
    samples: { question: string; answer?: string; before?: { completion: string }; after?: { completion: string } }[];
}

export interface StageCosting {
    label: string;
    workerSeconds: number;
    amount?: number;
    secondsPerThousandSamples?: number;
    perThousandSamples?: number;
    secondsPerPoint?: number;
    perPoint?: number;
}

export interface Costing {
    currency: string;
    stages: StageCosting[];
    betweenSeconds: number;
    betweenAmount?: number;
    spotSeconds: number;
    onDemandSeconds: number;
    preemptions: number;
    lostSeconds: number;
    lostAmount?: number;
}

export interface RunReport {
    runId: string;
    name: string;
    description?: string;
    recipeHash: string;
    seed: number;
    startedAt: string;
    endedAt: string;
    stages: StageReport[];
    time: TimeBreakdown;
    cost?: { amount: number; currency: string; note: string };
    costing?: Costing;
    bands?: { expected: string; measured?: number; standardError?: number; problems?: number; inside: boolean; verdict: string }[];
    controls?: { stage: string; control: string; label: string; gained?: number; controlGained?: number; verdict: string }[];
    plan?: { device: string; stages: { label: string; seconds: number; plannedSeconds?: number }[] };
    overlap?: number;
}
