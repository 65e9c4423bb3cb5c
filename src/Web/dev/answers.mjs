// Answers of the stand-in.
import { doneOf, Runs, view } from "./data.mjs";
import { sample, values } from "./figures.mjs";

export class Problem extends Error {
  constructor(status, detail, problems) {
    super(detail);
    Object.assign(this, { status, problems });
  }
}

export const list = text => (text ?? "").split(",").filter(Boolean);
export const number = (query, name, otherwise) => (query.get(name) === null ? otherwise : Number(query.get(name)));

export function check(body) {
  try {
    const recipe = JSON.parse(body.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, "$1").replace(/,(\s*[}\]])/g, "$1"));
    const problems = [];
    body.split("\n").forEach((line, at) => {
      const match = /"(itterations|learning_rate)"/.exec(line);
      if (match)
        problems.push({
          file: "request body",
          line: at + 1,
          column: match.index + 1,
          path: `stages.r1-zero.${match[1]}`,
          value: "22",
          message: `there is no field '${match[1]}'`,
          allowed: "did you mean 'iterations'?",
        });
    });
    if (problems.length > 0) throw new Problem(422, `The recipe has ${problems.length} problems.`, problems);
    return {
      name: recipe.name,
      runId: `${recipe.name}-362d0311`,
      hash: "362d",
      exists: Runs.has(`${recipe.name}-362d0311`),
      stages: [],
      notes: [],
    };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, `The body is not JSON, line 3, byte 7: ${error.message}`);
  }
}

export function plan(body, query) {
  check(body);
  const stages = [
    ["base", "pretrain", 84.2],
    ["r1-zero", "rl", 241.5],
  ].map(([name, kind, wallSeconds]) => ({
    name,
    kind,
    parameters: 7.4e5,
    wallSeconds,
    deviceHours: wallSeconds / 1800,
    cost: 0.002,
    memory: { phase: "training", bytes: 2.1e8, deviceBytes: 1.5e10, remedies: [] },
  }));
  return {
    plan: {
      recipe: "quickstart",
      device: query.get("device") || "cpu",
      nodes: 2,
      currency: "USD",
      stages,
      wallSeconds: 325.7,
      deviceHours: 0.18,
      cost: 0.004,
      storageGigabytes: 0.021,
      storageCostPerMonth: 0,
      noEstimate: [],
      assumptions: [
        "Completions take 50 % of maxNewTokens, which bounds them from above.",
        "cpu: 0.1 TFLOP/s at its peak, of which generating reaches 5 % and training 20 %; tiny models reach less.",
      ],
    },
    reuse: {
      stages:
        query.get("reuse") === "false"
          ? []
          : [
              {
                name: "base",
                kind: "pretrain",
                reusedFrom: { runId: "quickstart-seed2-77aa10f0", label: "base", measured: true },
                measures: false,
              },
              { name: "r1-zero", kind: "rl", measures: false, reason: "changed: iterations" },
            ],
    },
    wallSeconds: 241.5,
    cost: 0.003,
  };
}

export function series(run, query) {
  const [from, to, points] = [number(query, "from", 0), number(query, "to", 1e9), number(query, "points", 1000)];
  const result = [];
  run.stages.forEach((stage, at) => {
    if (query.get("stage") && query.get("stage") !== stage.name) return;
    const all = [];
    for (let step = Math.max(1, from); step <= Math.min(to, doneOf(run, at)); step++) all.push([step, values(run, at, step)]);
    for (const name of list(query.get("names"))) {
      const own = all.filter(([, row]) => row[name] !== undefined);
      if (own.length === 0) continue;
      const every = Math.max(1, Math.ceil(own.length / points));
      const kept = own.filter((_, place) => place % every === 0 || place === own.length - 1);
      result.push({
        stage: stage.name,
        name,
        count: own.length,
        thinned: every > 1,
        steps: kept.map(([step]) => step),
        values: kept.map(([, row]) => row[name]),
      });
    }
  });
  return { runId: run.id, cursor: "", series: result };
}

export function sets(run) {
  return run.stages.flatMap((stage, at) => {
    const done = doneOf(run, at);
    if (done === 0) return [];
    const own =
      stage.kind === "rl"
        ? Array.from({ length: Math.min(30, done) }, (_, back) => ({
            stage: stage.name,
            source: "rollout",
            iteration: done - Math.min(30, done) + back + 1,
            checkpoint: done - 1,
            rows: 1536,
            shards: 4,
            shardsDone: back === Math.min(30, done) - 1 && run.status === "running" ? 3 : 4,
            updated: back < Math.min(30, done) - 1,
          }))
        : [];
    if (done === stage.total)
      own.push({ stage: stage.name, source: "evaluate", iteration: stage.total, checkpoint: stage.total, benchmark: "main", rows: 512 });
    return own;
  });
}

export function rows(run, query) {
  const stage = run.stages.find(one => one.name === query.get("stage")) ?? run.stages[0];
  const iteration = number(query, "iteration", 1);
  let all = Array.from({ length: 512 }, (_, at) => sample(run, stage.name, iteration, Math.floor(at / 8), at % 8, stage.total));
  for (const name of ["correct", "truncated"]) if (query.get(name)) all = all.filter(row => String(row[name]) === query.get(name));
  if (query.get("problem")) all = all.filter(row => row.problem === query.get("problem"));
  if (query.get("text")) all = all.filter(row => row.completion.includes(query.get("text")));
  if (query.get("minReward")) all = all.filter(row => row.reward >= Number(query.get("minReward")));
  if (query.get("maxReward")) all = all.filter(row => row.reward <= Number(query.get("maxReward")));
  const at = number(query, "after", 0);
  const limit = number(query, "limit", 20);
  return {
    runId: run.id,
    stage: stage.name,
    source: query.get("source"),
    iteration,
    checkpoint: iteration - 1,
    updated: true,
    total: 1536,
    matching: all.length,
    ...(at + limit < all.length ? { next: String(at + limit) } : {}),
    rows: all.slice(at, at + limit),
  };
}

/** The runs that share a beginning with it. */
export const relatives = run =>
  run.id !== "quickstart-362d0311"
    ? []
    : ["quickstart-seed2-77aa10f0", "sweep-lr-00-1000"].map((runId, at) => ({
        runId,
        relation: at === 0 ? "parent" : "sibling",
        stage: "r1-zero",
        iteration: 6,
        differences: [{ path: "stages.r1-zero.optimizer.learningRate", from: 2e-4, to: 1e-4 }],
      }));

export function report(run, format) {
  if (format === "svg") throw new Problem(404, "The stand-in draws no pictures.");
  if (run.status !== "completed") throw new Problem(404, `Run '${run.id}' has no report yet; it is written when the run completes.`);
  const whole = view(run);
  return {
    runId: run.id,
    name: run.name,
    description: "R1-Zero in miniature: two-digit addition on two CPU cores in minutes",
    recipeHash: whole.recipeHash,
    seed: 1,
    startedAt: whole.startedAt,
    endedAt: whole.endedAt,
    time: whole.time,
    cost: whole.cost,
    overlap: 0,
    bands: [
      {
        expected: "pass@1 0.97 ± 0.02 after rl-final",
        measured: 0.964,
        standardError: 0.008,
        problems: 512,
        inside: true,
        verdict: "inside",
      },
    ],
    costing: {
      currency: "USD",
      stages: whole.stages.map(stage => ({
        label: stage.name,
        workerSeconds: 404,
        amount: 0.36,
        perThousandSamples: 0.02,
        perPoint: 0.006,
      })),
      betweenSeconds: 31,
      betweenAmount: 0.03,
      spotSeconds: 3600,
      onDemandSeconds: 431,
      preemptions: 2,
      lostSeconds: 40,
      lostAmount: 0.04,
    },
    stages: whole.stages.map((stage, at) => ({
      name: stage.name,
      label: stage.name,
      kind: stage.kind,
      summary:
        at === 0
          ? "Measured: main pass@1 29.2 % ± 2.1 %, format 12.0 %."
          : "Helps, against base: main pass@1 29.2 % → 88.4 % (+59.2 % ± 2.4 %), format 12.0 % → 99.8 %.",
      benchmarks: [
        {
          name: "main",
          after: {
            greedyAccuracy: 0.3 + at * 0.6,
            passAt1: 0.29 + at * 0.59,
            passAt1Interval: 0.02,
            passAtK: 0.6 + at * 0.38,
            consAtK: 0.4 + at * 0.55,
            format: 0.12 + at * 0.87,
            meanLength: 20 + at * 4,
            problems: 512,
            samples: 4,
          },
        },
      ],
      samples:
        at === 0
          ? []
          : [
              {
                question: "57+83=",
                answer: "140",
                before: { completion: "<answer>131</answer>" },
                after: { completion: "<think>7+3=10, 5+8=13, 13+1=14</think><answer>140</answer>" },
              },
            ],
    })),
    plan: { device: "cpu", stages: whole.stages.map(stage => ({ label: stage.name, seconds: 101, plannedSeconds: 84 })) },
  };
}
