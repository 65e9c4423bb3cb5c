// Made-up jobs and workers.
import { doneOf, iso, random, view } from "./data.mjs";

export function jobs(run) {
  const result = [];
  let clock = Date.now() - 20 * 62e3;
  const stage = run.stages[Math.max(0, Math.min(run.current, run.stages.length - 1))];
  const last = doneOf(run, Math.min(run.current, run.stages.length - 1));
  const start = Math.max(0, last - 19);
  for (let iteration = start; iteration <= last; iteration++) {
    const ends = [];
    const kinds = stage.kind === "rl" ? [...[0, 1, 2, 3].map(shard => ["rollout", shard]), ["update", 0]] : [[stage.kind, 0]];
    for (const [kind, shard] of kinds) {
      const roll = random(`${run.id}${iteration}${kind}${shard}`);
      const queued = kind === "update" ? Math.max(...ends) + 400 : clock;
      const from = queued + 300 + roll() * 2500;
      const took = (kind === "update" ? 16 : 26 + roll() * 12) * 1000;
      const isLost = roll() < 0.06;
      const worker = `worker-${kind === "update" ? 0 : shard}`;
      const attempts = [];
      let begin = from;
      if (isLost) {
        attempts.push({
          attempt: "a",
          worker,
          startedAt: iso(from),
          endedAt: iso(from + 8000),
          outcome: roll() < 0.5 ? "preempted" : "lost",
        });
        begin = from + 11000;
      }
      const running = begin + took > Date.now() && run.status === "running";
      if (begin > Date.now()) {
        result.push({
          jobId: `${stage.name}/${String(iteration).padStart(6, "0")}/${kind}/${shard}`,
          stage: stage.name,
          iteration,
          kind,
          shard,
          status: "queued",
          queuedAt: iso(Math.min(queued, Date.now())),
          attempts,
        });
        continue;
      }
      attempts.push({
        attempt: "b",
        worker,
        startedAt: iso(begin),
        ...(running ? {} : { endedAt: iso(begin + took) }),
        outcome: running ? "running" : "won",
      });
      ends.push(begin + took);
      result.push({
        jobId: `${stage.name}/${String(iteration).padStart(6, "0")}/${kind}/${shard}`,
        stage: stage.name,
        iteration,
        kind,
        shard,
        status: running ? "running" : "done",
        queuedAt: iso(queued),
        startedAt: iso(begin),
        ...(running ? {} : { endedAt: iso(begin + took) }),
        worker,
        step: running ? 90 : 192,
        steps: 192,
        attempts,
        ...(running
          ? {}
          : {
              timing: {
                total: took / 1000,
                generation: kind === "update" ? 0 : took / 1100,
                reward: 0.6,
                update: kind === "update" ? took / 1100 : 0,
                storage: 0.8,
              },
            }),
      });
    }
    clock = Math.max(...ends, clock) + 900;
    if (clock > Date.now()) break;
  }
  return result;
}

export function workers(run) {
  const isEnd = ["completed", "failed", "cancelled"].includes(run.status);
  return {
    workers: isEnd
      ? []
      : [0, 1, 2, 3].map(at => {
          const roll = random(`${run.id}${at}${Math.floor(Date.now() / 3000)}`);
          const wave = scale =>
            Array.from({ length: 60 }, (_, place) => Math.min(1, Math.max(0, scale + Math.sin(place / (4 + at)) * 0.15 + roll() * 0.1)));
          return {
            name: `worker-${at}`,
            location: `pid ${4711 + at}`,
            state: "running",
            restarts: at === 2 ? 1 : 0,
            startedAt: new Date(run.created).toISOString(),
            hasLog: true,
            job: view(run).jobs[at]?.jobId,
            resources: {
              at: new Date().toISOString(),
              cpu: 0.7 + roll() * 0.3,
              threads: 8,
              memoryBytes: 12e9 + roll() * 3e9,
              memoryLimitBytes: 64e9,
              gpus: [{ index: at, name: "NVIDIA H100", utilisation: 0.8 + roll() * 0.2, memoryBytes: 61e9, memoryLimitBytes: 85e9 }],
              cacheBytes: 31e9,
              diskFreeBytes: 812e9,
              workingSeconds: 7800 + 40 * at,
              idleSeconds: 650 - 40 * at,
              storageRequests: 18_400 + 311 * at,
              sentBytes: 21e9 + 8e8 * at,
              receivedBytes: 64e9 + 2e9 * at,
            },
            history: { at: [], cpu: wave(0.8), memoryBytes: wave(0.3).map(share => share * 64e9), gpu: wave(0.85) },
          };
        }),
    restarts: 1,
    queuedJobs: run.status === "running" ? 5 : undefined,
  };
}
