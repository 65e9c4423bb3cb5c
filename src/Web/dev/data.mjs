// Made-up runs for looking at the page without a host. Everything derives from names and the clock, so a reload shows the same.

export function random(seed) {
  let state = [...String(seed)].reduce((hash, sign) => Math.imul(hash ^ sign.charCodeAt(0), 16777619) >>> 0, 2166136261);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

const Begun = Date.now();
export const Hostile = "</script><img src=x onerror=alert(1)>\u202Etxet desrever\u202C \u001b[31mred";
export const iso = time => new Date(time).toISOString();

const Pipeline = [
  { name: "base", kind: "import", needs: [], total: 1 },
  { name: "rm-safety", kind: "reward-model", needs: [["base", "model"]], total: 400 },
  { name: "cold-start", kind: "collect", needs: [["base", "model"]], total: 12 },
  {
    name: "dev1",
    kind: "sft",
    needs: [
      ["base", "model"],
      ["cold-start", "data"],
    ],
    total: 900,
  },
  { name: "rl-reasoning", kind: "rl", needs: [["dev1", "model"]], total: 5000 },
  { name: "sample-800k", kind: "rejection-sample", needs: [["rl-reasoning", "model"]], total: 20 },
  {
    name: "dev3",
    kind: "sft",
    needs: [
      ["base", "model"],
      ["sample-800k", "data"],
    ],
    total: 2000,
  },
  {
    name: "rl-final",
    kind: "rl",
    needs: [
      ["dev3", "model"],
      ["rm-safety", "reward"],
    ],
    total: 400,
  },
  { name: "distill-small", kind: "sft", needs: [["sample-800k", "data"]], total: 1500 },
  { name: "check", kind: "evaluate", needs: [["rl-final", "model"]], total: 1 },
];
const Quick = [
  { name: "base", kind: "pretrain", needs: [], total: 300 },
  { name: "r1-zero", kind: "rl", needs: [["base", "model"]], total: 22 },
];

export const Runs = new Map();
const add = (id, name, status, created, stages, current, extra = {}) =>
  Runs.set(id, { id, name, status, created, stages, current, ...extra });
add("r1-full-8c1d02ab", "r1-full", "running", Begun - 9.3 * 3600e3, Pipeline, 4, { pace: 4.1 });
add("quickstart-362d0311", "quickstart", "running", Begun - 140e3, Quick, 1, { pace: 9 });
add("quickstart-seed2-77aa10f0", "quickstart-seed2", "completed", Begun - 3600e3, Quick, 2);
add("r1-mini-19fe4410", "r1-mini", "paused", Begun - 7200e3, Pipeline, 3, { pace: 2 });
add("dapo-ablation-5b0e7c21", "dapo-ablation", "failed", Begun - 86400e3, Quick, 1, {
  error:
    "Job 'r1-zero/000003/update/0' failed in 3 attempts: NonFiniteException: the gradient of " +
    "model.layers.2.mlp.down_proj.weight is not finite at step 4. Lower optimizer.learningRate, or look at the rewards of iteration 3.",
});
add("hostile-00000000", "hostile", "cancelled", Begun - 90000e3, Quick, 1, { error: `cancelled ${Hostile}` });
add("r1-done-00c0ffee", "r1-done", "completed", Begun - 40 * 86400e3, Pipeline, Pipeline.length);
add("long-00000001", "long", "completed", Begun - 41 * 86400e3, [{ name: "base", kind: "pretrain", needs: [], total: 100_000 }], 1);
add("waiting-4d4d4d4d", "waiting", "queued", Begun - 4e3, Quick, -1);
for (let n = 0; n < 55; n++)
  add(
    `sweep-lr-${String(n).padStart(2, "0")}-${(n * 7919 + 4096).toString(16)}`,
    `sweep-lr-${n}`,
    n % 9 === 4 ? "failed" : "completed",
    Begun - (2 + n * 0.4) * 86400e3,
    Quick,
    n % 9 === 4 ? 1 : 2,
    n % 9 === 4 ? { error: "A worker had trouble: out of memory" } : {},
  );

/** Steps that a stage has done by now. */
export function doneOf(run, at) {
  const stage = run.stages[at];
  if (at < run.current || run.status === "completed") return stage.total;
  if (at > run.current || run.current < 0) return 0;
  const base = stage.kind === "rl" ? Math.floor(stage.total * 0.3) : Math.floor(stage.total * 0.55);
  return run.status === "running" ? Math.min(stage.total - 1, base + Math.floor((Date.now() - Begun) / 1000 / (run.pace ?? 5))) : base;
}

export function passOf(run, at) {
  const roll = random(run.id + at);
  return Math.min(0.97, 0.22 + at * 0.11 + roll() * 0.08);
}

export function view(run) {
  const last = run.stages.length;
  const started = run.created + 1500;
  const stages = run.stages.map((stage, at) => {
    const done = doneOf(run, at);
    const isDone = at < run.current || run.status === "completed";
    const isNow = at === run.current && !isDone;
    const status = isDone
      ? "completed"
      : !isNow
        ? "pending"
        : ({ running: "running", paused: "running", failed: "failed", cancelled: "cancelled" }[run.status] ?? "pending");
    const measured = isDone && !["collect", "rejection-sample", "reward-model"].includes(stage.kind);
    return {
      name: stage.name,
      label: stage.name,
      kind: stage.kind,
      ...(stage.needs[0]?.[1] === "model" ? { from: stage.needs[0][0] } : {}),
      needs: stage.needs.map(([name, as]) => ({ stage: name, as })),
      status,
      done,
      total: stage.total,
      ...(isNow && run.status === "running"
        ? { phase: stage.kind === "rl" ? (Math.floor(Date.now() / 6000) % 2 ? "update" : "rollout") : "train" }
        : {}),
      ...(isDone || isNow ? { startedAt: iso(started + at * 60e3) } : {}),
      ...(isDone ? { endedAt: iso(started + (at + 1) * 60e3) } : {}),
      metrics: measured
        ? { "eval/pass_at_1": passOf(run, at), "eval/pass_at_1_ci95": 0.019, "eval/greedy_accuracy": passOf(run, at) + 0.02 }
        : {},
      ...(status === "failed" ? { error: run.error } : {}),
      ...(run.name === "r1-full" && at < 2
        ? { reusedFrom: { runId: "r1-mini-19fe4410", label: stage.name, measured: true } }
        : run.name === "r1-full" && at >= 2
          ? { reason: at === 2 ? "changed: sampling.temperature" : `depends on ${stage.needs.at(-1)[0]}` }
          : {}),
    };
  });
  const isEnd = ["completed", "failed", "cancelled"].includes(run.status);
  const ended = isEnd ? run.created + last * 95e3 : undefined;
  const wall = ((ended ?? Date.now()) - started) / 1000;
  return {
    id: run.id,
    name: run.name,
    recipeHash: "362d0311c0ffee00".repeat(4),
    status: run.status,
    stages,
    jobs: run.status === "running" ? jobsNow(run) : [],
    workers: {
      workers: ["worker-0", "worker-1", "worker-2", "worker-3"].map(name => ({
        name,
        location: "pid 4711",
        state: isEnd ? "stopped" : "running",
        restarts: name === "worker-2" ? 1 : 0,
      })),
      restarts: 1,
    },
    ...(run.error ? { error: run.error } : {}),
    ...(run.status === "running" ? { etaSeconds: 3600 * (run.name === "r1-full" ? 11 : 0.04) } : {}),
    time: { wall, generation: wall * 0.52, reward: wall * 0.06, update: wall * 0.28, storage: wall * 0.05, waiting: wall * 0.09 },
    cost: {
      workerSeconds: wall * 4,
      pricePerHour: 3.2,
      amount: run.name === "r1-full" ? (wall * 4 * 3.2) / 3600 : 0,
      currency: "USD",
      note: "Workers only.",
    },
    ...(run.status === "paused"
      ? {
          budget: {
            amount: 20,
            currency: "USD",
            spent: 19.2,
            next: 1.4,
            mayOvershoot: 0.6,
            warns: true,
            held: "18.20 USD are spent and iteration 496 of 'dev1' is estimated to cost 1.40 USD: 0.60 USD too much for 20 USD.",
          },
        }
      : {}),
    createdAt: iso(run.created),
    ...(run.current >= 0 ? { startedAt: iso(started) } : {}),
    ...(ended ? { endedAt: iso(ended) } : {}),
  };
}

function jobsNow(run) {
  const stage = run.stages[run.current];
  const iteration = String(doneOf(run, run.current)).padStart(6, "0");
  return [0, 1, 2].map(shard => ({
    jobId: `${stage.name}/${iteration}/${stage.kind === "rl" ? "rollout" : stage.kind}/${shard}`,
    worker: `worker-${shard}`,
    step: (Math.floor(Date.now() / 300) + shard * 17) % 192,
    steps: 192,
    metrics: {},
    updatedAt: iso(Date.now() - shard * 900),
  }));
}

export function summary(run) {
  const whole = view(run);
  const now =
    whole.stages.find(stage => stage.status === "running" || stage.status === "failed" || stage.status === "cancelled") ??
    whole.stages.findLast(stage => stage.status === "completed");
  const measured = whole.stages.findLast(stage => stage.metrics["eval/pass_at_1"]);
  return {
    id: run.id,
    name: run.name,
    status: run.status,
    createdAt: whole.createdAt,
    ...(now ? { stage: now.name, kind: now.kind, phase: now.phase, done: now.done, total: now.total } : {}),
    startedAt: whole.startedAt,
    endedAt: whole.endedAt,
    stagesDone: whole.stages.filter(stage => stage.status === "completed").length,
    stages: whole.stages.length,
    progressedAt: iso(Date.now() - 4200),
    etaSeconds: whole.etaSeconds,
    cost: { amount: whole.cost.amount, currency: "USD" },
    ...(measured ? { passAt1: { stage: measured.name, benchmark: "main", value: measured.metrics["eval/pass_at_1"], ci95: 0.019 } } : {}),
    ...(run.current > 0 ? { reward: 0.3 + random(run.id)() } : {}),
    error: run.error,
  };
}
