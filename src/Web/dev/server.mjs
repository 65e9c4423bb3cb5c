// A stand-in for a host: answers the run API from made-up data and serves the built page with the rules that hosts set. For development alone.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { doneOf, jobs, random, Runs, sample, summary, values, view } from "./data.mjs";

const Root = fileURLToPath(new URL("../../../", import.meta.url));
const Built = process.env.R1_PAGE ?? join(Root, "artifacts/web");
const Key = process.env.R1_API_KEY ?? "dev";
const Types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

class Problem extends Error {
  constructor(status, detail, problems) {
    super(detail);
    Object.assign(this, { status, problems });
  }
}

const find = id => Runs.get(id) ?? (() => { throw new Problem(404, `There is no run '${id}'.`); })();
const list = text => (text ?? "").split(",").filter(Boolean);
const number = (query, name, otherwise) => (query.get(name) === null ? otherwise : Number(query.get(name)));

const Routes = [
  ["GET", /^\/api\/health$/, () => ({ status: "ok", version: "dev" })],
  ["GET", /^\/api\/schema$/, async () => JSON.parse(await readFile(join(Root, "recipes/recipe.schema.json"), "utf8"))],
  ["POST", /^\/api\/check$/, (_, __, body) => check(body)],
  ["POST", /^\/api\/plan$/, (_, query, body) => plan(body, query)],
  ["GET", /^\/api\/runs$/, (_, query) => {
    const [states, text] = [list(query.get("state")), (query.get("q") ?? "").toLowerCase()];
    const all = [...Runs.values()].sort((a, b) => b.created - a.created).filter(run => (states.length === 0 || states.includes(run.status)) && run.id.includes(text));
    const limit = number(query, "limit", 100);
    return { runs: all.slice(0, limit).map(summary), ...(all.length > limit ? { next: "more" } : {}) };
  }],
  ["POST", /^\/api\/runs$/, (_, __, body) => { check(body); return view(find("quickstart-362d0311")); }],
  ["GET", /^\/api\/runs\/([^/]+)$/, ([id]) => view(find(id))],
  ["POST", /^\/api\/runs\/([^/]+)\/(pause|resume|cancel|retry)$/, ([id, action]) => {
    const run = find(id);
    run.status = { pause: "paused", resume: "running", cancel: "cancelled", retry: "running" }[action];
    if (action === "retry") delete run.error;
    return view(run);
  }],
  ["GET", /^\/api\/runs\/([^/]+)\/metrics\/names$/, ([id]) => {
    const run = find(id);
    return { runId: id, stages: run.stages.map((stage, at) => ({ stage: stage.name, rows: doneOf(run, at), first: 1, last: doneOf(run, at), names: Object.keys({ ...values(run, at, stage.total), ...values(run, at, 1) }) })).filter(stage => stage.rows > 0) };
  }],
  ["GET", /^\/api\/runs\/([^/]+)\/metrics\/series$/, ([id], query) => series(find(id), query)],
  ["GET", /^\/api\/runs\/([^/]+)\/samples\/sets$/, ([id]) => ({ runId: id, sets: sets(find(id)) })],
  ["GET", /^\/api\/runs\/([^/]+)\/samples\/rows$/, ([id], query) => rows(find(id), query)],
  ["GET", /^\/api\/runs\/([^/]+)\/samples\/live$/, ([id]) => {
    const run = find(id);
    const turn = Math.floor(Date.now() / 2500);
    return { at: new Date().toISOString(), rows: Array.from({ length: 12 }, (_, at) => ({ ...sample(run, "rl", doneOf(run, run.current), turn - at, at % 8, run.stages[run.current].total), advantage: undefined, jobId: "rl/000007/rollout/1", worker: `worker-${at % 4}`, finishedAt: new Date(Date.now() - at * 2500).toISOString(), iteration: doneOf(run, run.current) + 1 })) };
  }],
  ["GET", /^\/api\/runs\/([^/]+)\/jobs$/, ([id]) => ({ runId: id, jobs: jobs(find(id)) })],
  ["GET", /^\/api\/runs\/([^/]+)\/workers$/, ([id]) => workers(find(id))],
  ["GET", /^\/api\/runs\/([^/]+)\/workers\/([^/]+)\/log$/, ([id, worker], query) => {
    const size = Math.floor(Date.now() / 1000) * 72;
    const from = number(query, "after", size - 72 * 200);
    let text = "";
    for (let at = from; at < size; at += 72) text += `${new Date(at / 72 * 1000).toISOString()} info: ${worker} ${id} step ${at / 72 % 192}`.slice(0, 71).padEnd(71) + "\n";
    return { worker, from, to: size, size, text };
  }],
  ["GET", /^\/api\/runs\/([^/]+)\/recipe$/, async ([id]) => ({ name: find(id).name, seed: 1, stages: Object.fromEntries(find(id).stages.map(stage => [stage.name, { kind: stage.kind }])) })],
  ["GET", /^\/api\/runs\/([^/]+)\/recipe\/differences$/, ([id], query) => ({ from: find(id).id, to: find(query.get("to")).id, differences: [
    { path: "name", from: find(id).name, to: find(query.get("to")).name }, { path: "stages.r1-zero.optimizer.learningRate", from: 2e-4, to: 1e-4 }, { path: "stages.extra", to: { kind: "sft", epochs: 2 } }, { path: "seed", from: 1, to: 2 }] })],
  ["GET", /^\/api\/runs\/([^/]+)\/report$/, ([id]) => report(find(id))],
];

function check(body) {
  try {
    const recipe = JSON.parse(body.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, "$1").replace(/,(\s*[}\]])/g, "$1"));
    const problems = [];
    body.split("\n").forEach((line, at) => {
      const match = /"(itterations|learning_rate)"/.exec(line);
      if (match) problems.push({ file: "request body", line: at + 1, column: match.index + 1, path: `stages.r1-zero.${match[1]}`, value: "22", message: `there is no field '${match[1]}'`, allowed: "did you mean 'iterations'?" });
    });
    if (problems.length > 0) throw new Problem(422, `The recipe has ${problems.length} problems.`, problems);
    return { name: recipe.name, runId: `${recipe.name}-362d0311`, hash: "362d", exists: Runs.has(`${recipe.name}-362d0311`), stages: [], notes: [] };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, `The body is not JSON, line 3, byte 7: ${error.message}`);
  }
}

function plan(body, query) {
  check(body);
  const stages = [["base", "pretrain", 84.2], ["r1-zero", "rl", 241.5]].map(([name, kind, wallSeconds]) => ({ name, kind, parameters: 7.4e5, wallSeconds, deviceHours: wallSeconds / 1800, cost: 0.002 }));
  return {
    plan: { recipe: "quickstart", device: query.get("device") || "cpu", nodes: 2, currency: "USD", stages, wallSeconds: 325.7, deviceHours: 0.18, cost: 0.004, storageGigabytes: 0.021, storageCostPerMonth: 0, noEstimate: [], assumptions: ["Completions take 50 % of maxNewTokens, which bounds them from above.", "cpu: 0.1 TFLOP/s at its peak, of which generating reaches 5 % and training 20 %; tiny models reach less."] },
    reuse: { stages: query.get("reuse") === "false" ? [] : [{ name: "base", kind: "pretrain", reusedFrom: { runId: "quickstart-seed2-77aa10f0", label: "base", measured: true }, measures: false }, { name: "r1-zero", kind: "rl", measures: false, reason: "changed: iterations" }] },
    wallSeconds: 241.5, cost: 0.003,
  };
}

function series(run, query) {
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
      result.push({ stage: stage.name, name, count: own.length, thinned: every > 1, steps: kept.map(([step]) => step), values: kept.map(([, row]) => row[name]) });
    }
  });
  return { runId: run.id, cursor: "", series: result };
}

function sets(run) {
  return run.stages.flatMap((stage, at) => {
    const done = doneOf(run, at);
    if (done === 0) return [];
    const own = stage.kind === "rl" ? Array.from({ length: Math.min(30, done) }, (_, back) => ({ stage: stage.name, source: "rollout", iteration: done - Math.min(30, done) + back + 1, checkpoint: done - 1, rows: 1536, shards: 4, shardsDone: back === Math.min(30, done) - 1 && run.status === "running" ? 3 : 4, updated: back < Math.min(30, done) - 1 })) : [];
    if (done === stage.total) own.push({ stage: stage.name, source: "evaluate", iteration: stage.total, checkpoint: stage.total, benchmark: "main", rows: 512 });
    return own;
  });
}

function rows(run, query) {
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
  return { runId: run.id, stage: stage.name, source: query.get("source"), iteration, checkpoint: iteration - 1, updated: true, total: 1536, matching: all.length, ...(at + limit < all.length ? { next: String(at + limit) } : {}), rows: all.slice(at, at + limit) };
}

function workers(run) {
  const isEnd = ["completed", "failed", "cancelled"].includes(run.status);
  return {
    workers: isEnd ? [] : [0, 1, 2, 3].map(at => {
      const roll = random(`${run.id}${at}${Math.floor(Date.now() / 3000)}`);
      const wave = scale => Array.from({ length: 60 }, (_, place) => Math.min(1, Math.max(0, scale + Math.sin(place / (4 + at)) * 0.15 + roll() * 0.1)));
      return {
        name: `worker-${at}`, location: `pid ${4711 + at}`, state: "running", restarts: at === 2 ? 1 : 0, startedAt: new Date(run.created).toISOString(), hasLog: true, job: view(run).jobs[at]?.jobId,
        resources: { at: new Date().toISOString(), cpu: 0.7 + roll() * 0.3, threads: 8, memoryBytes: 12e9 + roll() * 3e9, memoryLimitBytes: 64e9, gpus: [{ index: at, name: "NVIDIA H100", utilisation: 0.8 + roll() * 0.2, memoryBytes: 61e9, memoryLimitBytes: 85e9 }], cacheBytes: 31e9, diskFreeBytes: 812e9 },
        history: { at: [], cpu: wave(0.8), memoryBytes: wave(0.3).map(share => share * 64e9), gpu: wave(0.85) },
      };
    }),
    restarts: 1, seconds: { useful: 31200, lost: 410, idle: 2600 }, queue: { jobs: run.status === "running" ? 1 : 0 },
  };
}

function report(run) {
  if (run.status !== "completed") throw new Problem(404, `Run '${run.id}' has no report yet; it is written when the run completes.`);
  const whole = view(run);
  return {
    runId: run.id, name: run.name, description: "R1-Zero in miniature: two-digit addition on two CPU cores in minutes", recipeHash: whole.recipeHash, seed: 1, startedAt: whole.startedAt, endedAt: whole.endedAt, time: whole.time, cost: whole.cost, overlap: 0,
    stages: whole.stages.map((stage, at) => ({ name: stage.name, label: stage.name, kind: stage.kind, summary: at === 0 ? "Measured: main pass@1 29.2 % ± 2.1 %, format 12.0 %." : "Helps, against base: main pass@1 29.2 % → 88.4 % (+59.2 % ± 2.4 %), format 12.0 % → 99.8 %.", benchmarks: [{ name: "main", after: { greedyAccuracy: 0.3 + at * 0.6, passAt1: 0.29 + at * 0.59, passAt1Interval: 0.02, passAtK: 0.6 + at * 0.38, consAtK: 0.4 + at * 0.55, format: 0.12 + at * 0.87, meanLength: 20 + at * 4, problems: 512, samples: 4 } }], samples: at === 0 ? [] : [{ question: "57+83=", answer: "140", before: { completion: "<answer>131</answer>" }, after: { completion: "<think>7+3=10, 5+8=13, 13+1=14</think><answer>140</answer>" } }] })),
    plan: { device: "cpu", stages: whole.stages.map(stage => ({ label: stage.name, seconds: 101, plannedSeconds: 84 })) },
  };
}

function stream(run, response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const send = (name, data) => response.write(`id: x=1\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  response.write("retry: 2000\n\n");
  send("snapshot", view(run));
  if (["completed", "failed", "cancelled"].includes(run.status)) {
    send("end", { status: run.status, error: run.error });
    return response.end();
  }
  let shown = view(run).jobs.map(job => job.jobId);
  let known = Math.max(0, doneOf(run, Math.max(0, run.current)));
  const timer = setInterval(() => {
    const whole = view(run);
    if (run.current >= 0) {
      for (const job of whole.jobs) send("job", job);
      for (const id of shown) if (!whole.jobs.some(job => job.jobId === id)) send("job-end", { jobId: id });
      shown = whole.jobs.map(job => job.jobId);
      const done = doneOf(run, run.current);
      for (let step = known + 1; step <= done; step++) {
        send("metrics", { stage: run.stages[run.current].name, step, wallTime: new Date().toISOString(), values: values(run, run.current, step) });
        send("log", { time: new Date().toISOString(), level: step % 3 ? "information" : "warning", message: step % 3 ? `Iteration ${step} of ${run.stages[run.current].name} is done.` : "A worker was started again." });
      }
      known = done;
      send("stage", whole.stages[run.current]);
    }
    send("change", { etaSeconds: whole.etaSeconds ?? null, time: whole.time, cost: whole.cost, status: whole.status });
  }, 1000);
  response.on("close", () => clearInterval(timer));
}

async function file(path, response) {
  const name = path === "/" ? "/index.html" : normalize(path);
  try {
    const content = await readFile(join(Built, name));
    response.writeHead(200, { "Content-Type": Types[extname(name)] ?? "application/octet-stream", "Content-Security-Policy": Policy, "X-Content-Type-Options": "nosniff" });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (!url.pathname.startsWith("/api")) return file(url.pathname, response);
  const answer = (status, body) => response.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json", "Cache-Control": "no-store" }).end(JSON.stringify(body));
  try {
    if (request.headers["x-api-key"] !== Key && url.pathname !== "/api/health") throw new Problem(401, "The header X-Api-Key with the service's key is required.");
    const events = /^\/api\/runs\/([^/]+)\/events$/.exec(url.pathname);
    if (events) return stream(find(events[1]), response);
    let body = "";
    for await (const chunk of request) body += chunk;
    for (const [method, pattern, handle] of Routes) {
      const match = pattern.exec(url.pathname);
      if (match && method === request.method) return answer(200, await handle(match.slice(1).map(decodeURIComponent), url.searchParams, body));
    }
    throw new Problem(404, `There is nothing at '${url.pathname}'.`);
  } catch (error) {
    const status = error.status ?? 500;
    answer(status, { status, title: "Problem", detail: error.message, ...(error.problems ? { problems: error.problems } : {}) });
  }
}).listen(Number(process.env.PORT ?? 7180), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/#key=${Key}`);
});
