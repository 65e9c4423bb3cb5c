// Jobs and workers as the run API answers them: docs/run-api.md.

export interface Attempt {
    attempt: string;
    worker?: string;
    startedAt?: string;
    endedAt?: string;
    outcome: "won" | "failed" | "preempted" | "abandoned" | "refused" | "lost" | "running";
    error?: { type: string; message: string; exitCode?: number };
}

export interface Job {
    jobId: string;
    stage: string;
    iteration: number;
    kind: string;
    shard: number;
    status: "queued" | "running" | "done" | "failed";
    queuedAt?: string;
    startedAt?: string;
    endedAt?: string;
    worker?: string;
    step?: number;
    steps?: number;
    timing?: { total: number; generation: number; reward: number; update: number; storage: number };
    attempts: Attempt[];
    error?: { type: string; message: string; exitCode?: number };
    waiting?: string;
}

export interface JobsAnswer {
    runId: string;
    jobs: Job[];
    earlier?: { stage: string; to: number };
}

export interface WorkerResources {
    at: string;
    cpu?: number;
    threads?: number;
    memoryBytes?: number;
    memoryLimitBytes?: number;
    gpus?: { index: number; name: string; utilisation: number; memoryBytes: number; memoryLimitBytes: number }[];
    cacheBytes?: number;
    diskFreeBytes?: number;
    workingSeconds?: number;
    idleSeconds?: number;
    storageRequests?: number;
    sentBytes?: number;
    receivedBytes?: number;
}

export interface Worker {
    name: string;
    location: string;
    state: string;
    restarts: number;
    startedAt?: string;
    hasLog?: boolean;
    job?: string;
    resources?: WorkerResources;
    history?: { at: string[]; cpu?: number[]; memoryBytes?: number[]; gpu?: number[] };
}

export interface WorkersAnswer {
    workers: Worker[];
    restarts: number;
    lastError?: string;
    queuedJobs?: number;
}

export interface LogTail {
    worker: string;
    from: number;
    to: number;
    size: number;
    text: string;
}
