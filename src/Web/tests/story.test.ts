import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunView, StageView } from "../source/api/types.ts";
import { settingsOf } from "../source/run/settings.ts";
import { historyOf, toldAnew } from "../source/run/story.ts";

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const stage = (name: string, fields: Partial<StageView>): StageView =>
    ({ name, label: name, kind: "rl", status: "pending", done: 0, total: 0, metrics: {}, ...fields }) as StageView;
const run = (fields: Partial<RunView>): RunView =>
    ({ id: "r", name: "r", status: "running", createdAt: at(0), stages: [], ...fields }) as unknown as RunView;

test("historyOf_StagesThatEnded_TellsThemInTheOrderOfTime", () => {
    const past = historyOf(
        run({
            status: "failed",
            error: "no memory",
            endedAt: at(9),
            fork: { runId: "p", stage: "b", iteration: 3 },
            stages: [
                stage("b", { status: "completed", startedAt: at(2), endedAt: at(5), metrics: { "eval/pass_at_1": 0.5 } }),
                stage("a", { status: "completed", endedAt: at(1), reusedFrom: { runId: "o", label: "a", measured: true } }),
                stage("c", { status: "failed", startedAt: at(6), endedAt: at(8), error: "no memory" }),
                stage("d", {}),
            ],
        }),
    );
    assert.deepEqual(
        past.map(log => [log.level, log.message]),
        [
            ["information", "The run was made, a fork of 'p' at b:3."],
            ["information", "Stage 'a' was taken over from 'o'."],
            ["information", "Stage 'b' began."],
            ["information", "Stage 'b' is completed, pass@1 50.0 %."],
            ["information", "Stage 'c' began."],
            ["error", "Stage 'c' failed: no memory"],
            ["error", "The run is failed: no memory"],
        ],
    );
});

test("toldAnew_AfterAStreamThatBrokeOff_TellsWhatCameMeanwhileAlone", () => {
    const before = run({ stages: [stage("a", { status: "running", startedAt: at(1) })] });
    const told = historyOf(before);
    assert.deepEqual(toldAnew(told, before), []);
    const after = run({ stages: [stage("a", { status: "completed", startedAt: at(1), endedAt: at(4) })] });
    assert.deepEqual(
        toldAnew(told, after).map(log => log.message),
        ["Stage 'a' is completed."],
    );
});

test("settingsOf_Lines_AreValuesByPaths", () => {
    assert.deepEqual(settingsOf("a.b=1e-4\n\n c = text = more \nd={\"e\": [1]}\ne=\"1\""), {
        set: { "a.b": 1e-4, c: "text = more", d: { e: [1] }, e: "1" },
        wrong: [],
    });
    assert.deepEqual(settingsOf("a\n=3"), { set: {}, wrong: ["a", "=3"] });
});
