// A stand-in for a host: answers the run API from made-up data and serves the built page with the rules that hosts set.
// For development alone.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { check, list, number, plan, Problem, relatives, report, rows, series, sets } from "./answers.mjs";
import { doneOf, Runs, summary, view } from "./data.mjs";
import { sample, values } from "./figures.mjs";
import { jobs, workers } from "./jobs.mjs";

const Root = fileURLToPath(new URL("../../../", import.meta.url));
const Built = process.env.R1_PAGE ?? join(Root, "artifacts/web");
const Key = process.env.R1_API_KEY ?? "dev";
const Types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const Policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const find = id =>
  Runs.get(id) ??
  (() => {
    throw new Problem(404, `There is no run '${id}'.`);
  })();

const Routes = [
  ["GET", /^\/api\/health$/, () => ({ status: "ok", version: "dev" })],
  ["GET", /^\/api\/schema$/, async () => JSON.parse(await readFile(join(Root, "recipes/recipe.schema.json"), "utf8"))],
  ["POST", /^\/api\/check$/, (_, __, body) => check(body)],
  ["POST", /^\/api\/plan$/, (_, query, body) => plan(body, query)],
  [
    "GET",
    /^\/api\/runs$/,
    (_, query) => {
      const [states, text] = [list(query.get("state")), (query.get("q") ?? "").toLowerCase()];
      const all = [...Runs.values()]
        .sort((a, b) => b.created - a.created)
        .filter(run => (states.length === 0 || states.includes(run.status)) && run.id.includes(text));
      const limit = number(query, "limit", 100);
      return { runs: all.slice(0, limit).map(summary), ...(all.length > limit ? { next: "more" } : {}) };
    },
  ],
  [
    "POST",
    /^\/api\/runs$/,
    (_, __, body) => {
      check(body);
      return view(find("quickstart-362d0311"));
    },
  ],
  ["GET", /^\/api\/runs\/([^/]+)$/, ([id]) => view(find(id))],
  [
    "POST",
    /^\/api\/runs\/([^/]+)\/(pause|resume|cancel|retry)$/,
    ([id, action]) => {
      const run = find(id);
      run.status = { pause: "paused", resume: "running", cancel: "cancelled", retry: "running" }[action];
      if (action === "retry") delete run.error;
      return view(run);
    },
  ],
  [
    "GET",
    /^\/api\/runs\/([^/]+)\/metrics\/names$/,
    ([id]) => {
      const run = find(id);
      return {
        runId: id,
        stages: run.stages
          .map((stage, at) => ({
            stage: stage.name,
            rows: doneOf(run, at),
            first: 1,
            last: doneOf(run, at),
            names: Object.keys({ ...values(run, at, stage.total), ...values(run, at, 1) }),
          }))
          .filter(stage => stage.rows > 0),
      };
    },
  ],
  ["GET", /^\/api\/runs\/([^/]+)\/metrics\/series$/, ([id], query) => series(find(id), query)],
  ["GET", /^\/api\/runs\/([^/]+)\/samples\/sets$/, ([id]) => ({ runId: id, sets: sets(find(id)) })],
  ["GET", /^\/api\/runs\/([^/]+)\/samples\/rows$/, ([id], query) => rows(find(id), query)],
  [
    "GET",
    /^\/api\/runs\/([^/]+)\/samples\/live$/,
    ([id]) => {
      const run = find(id);
      const turn = Math.floor(Date.now() / 2500);
      return {
        at: new Date().toISOString(),
        rows: Array.from({ length: 12 }, (_, at) => ({
          ...sample(run, "rl", doneOf(run, run.current), turn - at, at % 8, run.stages[run.current].total),
          advantage: undefined,
          jobId: "rl/000007/rollout/1",
          worker: `worker-${at % 4}`,
          finishedAt: new Date(Date.now() - at * 2500).toISOString(),
          iteration: doneOf(run, run.current) + 1,
        })),
      };
    },
  ],
  ["GET", /^\/api\/runs\/([^/]+)\/jobs$/, ([id]) => ({ runId: id, jobs: jobs(find(id)) })],
  ["GET", /^\/api\/runs\/([^/]+)\/workers$/, ([id]) => workers(find(id))],
  [
    "GET",
    /^\/api\/runs\/([^/]+)\/workers\/([^/]+)\/log$/,
    ([id, worker], query) => {
      const size = Math.floor(Date.now() / 1000) * 72;
      const from = number(query, "after", size - 72 * 200);
      let text = "";
      for (let at = from; at < size; at += 72)
        text += `${new Date((at / 72) * 1000).toISOString()} info: ${worker} ${id} step ${(at / 72) % 192}`.slice(0, 71).padEnd(71) + "\n";
      return { worker, from, to: size, size, text };
    },
  ],
  [
    "GET",
    /^\/api\/runs\/([^/]+)\/recipe$/,
    async ([id]) => ({
      name: find(id).name,
      seed: 1,
      stages: Object.fromEntries(find(id).stages.map(stage => [stage.name, { kind: stage.kind }])),
    }),
  ],
  [
    "GET",
    /^\/api\/runs\/([^/]+)\/recipe\/differences$/,
    ([id], query) => ({
      from: find(id).id,
      to: find(query.get("to")).id,
      differences: [
        { path: "name", from: find(id).name, to: find(query.get("to")).name },
        { path: "stages.r1-zero.optimizer.learningRate", from: 2e-4, to: 1e-4 },
        { path: "stages.extra", to: { kind: "sft", epochs: 2 } },
        { path: "seed", from: 1, to: 2 },
      ],
    }),
  ],
  ["GET", /^\/api\/runs\/([^/]+)\/report$/, ([id], query) => report(find(id), query.get("format"))],
  ["GET", /^\/api\/runs\/([^/]+)\/relatives$/, ([id]) => ({ runId: id, relatives: relatives(find(id)) })],
  ["POST", /^\/api\/runs\/([^/]+)\/fork$/, () => view(find("quickstart-seed2-77aa10f0"))],
  ["DELETE", /^\/api\/runs\/([^/]+)$/, ([id]) => ({ runId: find(id).id, removed: 412, bytes: 81e6, kept: [] })],
];

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
        send("metrics", {
          stage: run.stages[run.current].name,
          step,
          wallTime: new Date().toISOString(),
          values: values(run, run.current, step),
        });
        send("log", {
          time: new Date().toISOString(),
          level: step % 3 ? "information" : "warning",
          message: step % 3 ? `Iteration ${step} of ${run.stages[run.current].name} is done.` : "A worker was started again.",
        });
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
    response.writeHead(200, {
      "Content-Type": Types[extname(name)] ?? "application/octet-stream",
      "Content-Security-Policy": Policy,
      "X-Content-Type-Options": "nosniff",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (!url.pathname.startsWith("/api")) return file(url.pathname, response);
  const answer = (status, body) =>
    response
      .writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json", "Cache-Control": "no-store" })
      .end(JSON.stringify(body));
  try {
    if (request.headers["x-api-key"] !== Key && url.pathname !== "/api/health")
      throw new Problem(401, "The header X-Api-Key with the service's key is required.");
    const events = /^\/api\/runs\/([^/]+)\/events$/.exec(url.pathname);
    if (events) return stream(find(events[1]), response);
    let body = "";
    for await (const chunk of request) body += chunk;
    for (const [method, pattern, handle] of Routes) {
      const match = pattern.exec(url.pathname);
      if (match && method === request.method)
        return answer(200, await handle(match.slice(1).map(decodeURIComponent), url.searchParams, body));
    }
    throw new Problem(404, `There is nothing at '${url.pathname}'.`);
  } catch (error) {
    const status = error.status ?? 500;
    answer(status, { status, title: "Problem", detail: error.message, ...(error.problems ? { problems: error.problems } : {}) });
  }
}).listen(Number(process.env.PORT ?? 7180), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/#key=${Key}`);
});
