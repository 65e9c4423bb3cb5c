// What the run API answers: docs/run-api.md. Only what the page reads is named.

export type RunStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled";
export type StageStatus = "pending" | "running" | "evaluating" | "completed" | "failed" | "cancelled";

/** A number as JSON has it: what is not finite is a text. */
export type Figure = number | "NaN" | "Infinity" | "-Infinity";

export interface RunSummary {
    id: string;
    name: string;
    status: RunStatus;
    createdAt: string;
    stage?: string;
    kind?: string;
    phase?: string;
    startedAt?: string;
    endedAt?: string;
    stagesDone?: number;
    stages?: number;
    done?: number;
    total?: number;
    progressedAt?: string;
    etaSeconds?: number;
    cost?: { amount: number; currency: string };
    passAt1?: { stage: string; benchmark: string; value: number; ci95?: number; greedy?: boolean };
    reward?: number;
    error?: string;
}

/** A run that shares iterations with another. */
export interface RelatedRun {
    runId: string;
    relation: "parent" | "sibling" | "fork";
    stage: string;
    iteration: number;
    differences: Difference[];
}

/** What became of a run that was removed. */
export interface RunRemoval {
    removed: number;
    bytes: number;
    kept: { path: string; by: string[] }[];
}

export interface RunList {
    runs: RunSummary[];
    next?: string;
}

export interface StageNeed {
    stage: string;
    as: "model" | "data" | "reward" | "rewriter" | "teacher" | "reference";
}

export interface StageOrigin {
    runId: string;
    label: string;
    measured: boolean;
}

export interface StageView {
    name: string;
    label: string;
    kind: string;
    from?: string;
    controlOf?: string;
    needs?: StageNeed[];
    status: StageStatus;
    done: number;
    total: number;
    phase?: string;
    startedAt?: string;
    endedAt?: string;
    metrics: Record<string, Figure>;
    checkpoint?: string;
    error?: string;
    reusedFrom?: StageOrigin;
    reason?: string;
}

export interface JobView {
    jobId: string;
    worker: string;
    step: number;
    steps: number;
    metrics: Record<string, Figure>;
    updatedAt: string;
    waiting?: string;
    storageWait?: number;
}

export interface TimeBreakdown {
    wall: number;
    generation: number;
    reward: number;
    update: number;
    storage: number;
    waiting: number;
}

export interface RunView {
    budget?: {
        amount: number;
        currency: string;
        spent: number;
        next: number;
        nextIs?: string;
        mayOvershoot: number;
        warns: boolean;
        held?: string;
    };
    id: string;
    name: string;
    recipeHash: string;
    status: RunStatus;
    stages: StageView[];
    jobs: JobView[];
    workers: { workers: { name: string; state: string; restarts: number }[]; restarts: number; lastError?: string };
    error?: string;
    etaSeconds?: number;
    time: TimeBreakdown;
    cost: { workerSeconds: number; pricePerHour: number; amount: number; currency: string; note: string };
    createdAt: string;
    startedAt?: string;
    endedAt?: string;
    fork?: { runId: string; stage: string; iteration: number };
}

export interface MetricsRow {
    stage: string;
    step: number;
    wallTime: string;
    values: Record<string, Figure>;
}

export interface RunLog {
    time: string;
    level: "information" | "warning" | "error";
    message: string;
}

export interface MetricNames {
    runId: string;
    stages: { stage: string; rows: number; first: number; last: number; names: string[] }[];
}

export interface SeriesAnswer {
    runId: string;
    cursor: string;
    series: { stage: string; name: string; count: number; thinned: boolean; steps: number[]; values: Figure[]; times?: number[] }[];
}

export interface SampleSet {
    stage: string;
    source: "rollout" | "evaluate";
    iteration: number;
    checkpoint?: number;
    benchmark?: string;
    rows?: number;
    shards?: number;
    shardsDone?: number;
    updated?: boolean;
}

export interface RewardPart {
    name: string;
    score?: number;
    weight?: number;
    outcome: string;
    reason?: string;
}

export interface SampleRow {
    question?: number;
    sample?: number;
    problem?: string;
    prompts?: string;
    checkpoint?: number;
    engine?: string;
    prompt: string;
    completion: string;
    completionChars?: number;
    promptChars?: number;
    answer?: string;
    correct?: boolean;
    formatted?: boolean;
    greedy?: boolean;
    truncated?: boolean;
    dropped?: boolean;
    used?: boolean;
    tokens?: number;
    reward?: number;
    advantage?: number;
    rewards?: RewardPart[];
}

export interface SampleRows {
    runId: string;
    stage: string;
    source: string;
    iteration: number;
    checkpoint?: number;
    updated?: boolean;
    total: number;
    matching: number;
    next?: string;
    rows: SampleRow[];
}

export interface LiveRow {
    jobId: string;
    worker: string;
    finishedAt: string;
    iteration: number;
    question: number;
    sample: number;
    prompt: string;
    completion: string;
    completionChars?: number;
    tokens?: number;
    answer?: string;
    reward?: number;
    correct?: boolean;
}

export interface RecipeProblem {
    file: string;
    line: number;
    column: number;
    path: string;
    value: string;
    message: string;
    allowed: string;
}

export interface CheckAnswer {
    name: string;
    runId: string;
    hash: string;
    exists: boolean;
    stages: { name: string; kind: string; description: string; needs: StageNeed[] }[];
    notes: RecipeProblem[];
}

export interface StagePlan {
    name: string;
    kind: string;
    parameters?: number;
    deviceHours?: number;
    wallSeconds?: number;
    cost?: number;
    memory?: { phase: string; bytes: number; deviceBytes?: number; missingBytes?: number; remedies: string[] };
    note?: string;
}

export interface PlanAnswer {
    plan: {
        recipe: string;
        device: string;
        nodes: number;
        currency: string;
        stages: StagePlan[];
        wallSeconds: number;
        deviceHours: number;
        cost: number;
        storageGigabytes: number;
        noEstimate: string[];
        assumptions: string[];
    };
    reuse: { stages: { name: string; kind: string; reusedFrom?: StageOrigin; measures: boolean; reason?: string }[] };
    wallSeconds: number;
    cost: number;
}

export interface Difference {
    path: string;
    from?: unknown;
    to?: unknown;
}

export interface Differences {
    from: string;
    to: string;
    differences: Difference[];
    more?: boolean;
}

export interface Problem {
    status: number;
    title?: string;
    detail?: string;
    field?: string;
    problems?: RecipeProblem[];
}
