// Made-up figures and samples.
import { Hostile, passOf, random } from "./data.mjs";

const Sources = ["math", "code", "logic", "general"];

/** A step's figures. */
export function values(run, at, step) {
  const stage = run.stages[at];
  const roll = random(`${run.id}/${at}/${step}`);
  const noise = scale => (roll() - 0.5) * scale;
  const share = step / stage.total;
  if (stage.kind !== "rl")
    return {
      loss: 2.4 * Math.exp(-share * 2) + 0.35 + noise(0.08),
      lr: 1e-3 * Math.min(1, step / 20) * (1 - share * 0.9),
      grad_norm: 0.6 + noise(0.3),
      tokens_per_second: 41000 + noise(3000),
    };
  const learned = 1 - Math.exp(-share * 4.2 - (run.name === "quickstart-seed2" ? 0.1 : 0));
  const row = {
    "reward/mean": 0.25 + learned * 1.05 + noise(0.09),
    "reward/std": 0.6 - learned * 0.3 + noise(0.05),
    accuracy: 0.2 + learned * 0.65 + noise(0.05),
    format: Math.min(1, 0.3 + learned * 0.72 + noise(0.03)),
    "completions/mean_length": 420 + share * 5200 + noise(240),
    "completions/min_length": 40,
    "completions/max_length": 8192,
    "completions/clipped_ratio": 0.03 + share * 0.05 + Math.abs(noise(0.02)),
    entropy: 0.9 - learned * 0.5 + noise(0.04),
    kl: step % 97 === 0 ? 0.4 : 0.001 + share * 0.05 + Math.abs(noise(0.006)),
    "clip_ratio/low": 0.002 + Math.abs(noise(0.002)),
    "clip_ratio/high": 0.004 + Math.abs(noise(0.004)),
    "ratio/mean": 1 + noise(0.01),
    grad_norm: step % 211 === 0 ? 9 : 0.3 + Math.abs(noise(0.3)),
    lr: 3e-6,
    loss: noise(0.02),
    frac_reward_zero_std: 0.2 + share * 0.3 + noise(0.06),
    "tokens_per_second/generation": 21000 + noise(2000),
    "tokens_per_second/update": 43000 + noise(3000),
    "time/step": 61,
    "time/generation": 34 + noise(6),
    "time/reward": 3 + noise(1),
    "time/update": 16 + noise(2),
    "time/storage": 2.5 + noise(1),
    "time/waiting": 4 + noise(2),
    "policy/staleness": 1,
    "rewards/accuracy/math/mean": 0.2 + learned * 0.6 + noise(0.05),
    "rewards/format/think-answer/mean": 0.3 + learned * 0.68 + noise(0.02),
    "questions/useful_ratio": 0.7 - share * 0.3 + noise(0.05),
    "curriculum/problems": 1024 * step,
    "curriculum/in_band": Math.round(380 * step * (1 - share * 0.5)),
    "curriculum/from_band": 0.5 + noise(0.05),
    "teacher/reverse_kl": 0.4 - learned * 0.3 + noise(0.03),
    samples: 8192,
    tokens: 8192 * 3000,
  };
  for (const [place, name] of Sources.entries()) row[`sources/${name}/reward/mean`] = 0.2 + learned * (1.1 - place * 0.17) + noise(0.08);
  for (let n = 0; n < 24; n++) row[`diagnostics/layer_${String(n).padStart(2, "0")}/norm`] = 1 + n * 0.1 + noise(0.1);
  const every = Math.max(4, Math.floor(stage.total / 40));
  if (step % every === 0 || step === stage.total)
    Object.assign(row, {
      "eval/greedy_accuracy": 0.2 + learned * 0.6 + noise(0.02),
      "eval/format": 0.4 + learned * 0.6,
      "eval/mean_length": 500 + share * 5000,
    });
  if (step === stage.total) row["eval/pass_at_1"] = passOf(run, at);
  return row;
}

const words = (
  "so we know that the sum of both numbers must be carried over and then wait let me check " +
  "this again because the tens digit could be wrong therefore it holds"
).split(" ");

export function sample(run, stage, iteration, question, number, total) {
  const roll = random(`${run.id}${stage}${iteration}${question}${number}`);
  const [a, b] = [Math.floor(random(`${question}`)() * 90 + 10), Math.floor(random(`${question}b`)() * 90 + 10)];
  const right = roll() < 0.2 + 0.7 * Math.min(1, iteration / total);
  const isHostile = run.name === "hostile";
  const length = Math.floor(30 + roll() * (number % 4 === 1 ? 500 : 60));
  const thought = isHostile ? Hostile : Array.from({ length }, () => words[Math.floor(roll() * words.length)]).join(" ");
  const answer = right ? a + b : a + b + (roll() < 0.5 ? 10 : -1);
  const truncated = !right && roll() < 0.2;
  const completion = truncated
    ? `<think>${thought}`
    : `<think>\n${a} + ${b}: ${thought}.\n</think>\n<answer>${isHostile ? Hostile : answer}</answer>`;
  return {
    question,
    sample: number,
    problem: `${a}+${b}`,
    prompts: Sources[question % 4],
    prompt: isHostile ? Hostile : `What is ${a} + ${b}? Think first, then give the answer in tags.`,
    completion,
    completionChars: completion.length,
    promptChars: 40,
    answer: String(a + b),
    correct: right && !truncated,
    formatted: !truncated,
    greedy: number === 0 && roll() < 0.2,
    truncated,
    dropped: false,
    tokens: Math.floor(completion.length / 3.2),
    reward: (right ? 1 : 0) + (truncated ? 0 : 0.5),
    advantage: (right ? 1 : -1) * (0.3 + roll()),
    rewards: [
      {
        name: "accuracy/math",
        score: right ? 1 : 0,
        weight: 1,
        outcome: "scored",
        reason: right ? `${answer}` : `${answer} is not ${a + b}`,
      },
      {
        name: "format/think-answer",
        score: truncated ? 0 : 1,
        weight: 0.5,
        outcome: truncated ? "scored" : "scored",
        reason: truncated ? "</think> is missing" : "",
      },
    ],
  };
}
