import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, keyOfStep, setNamed, sourcesOf } from "../source/samples/sets.ts";

test("setNamed_Keys_AreTheSetsThatTheyStandFor", () => {
    assert.deepEqual(setNamed(keyOfStep("rl", 12)), { stage: "rl", source: "rollout", iteration: 12 });
    const measured = { stage: "distill/half", source: "evaluate" as const, iteration: 3, benchmark: "sums" };
    assert.deepEqual(setNamed(keyOf(measured)), measured);
    for (const key of [undefined, "", "rl", "rl|rollout|x|", "rl|other|1|"]) assert.equal(setNamed(key), undefined);
});

test("sourcesOf_NamesOfFigures_AreTheStagesSources", () => {
    assert.deepEqual(sourcesOf(["kl", "sources/math/reward/mean", "sources/code/accuracy", "sources/math/kl"]), ["code", "math"]);
    assert.deepEqual(sourcesOf(undefined), []);
});
