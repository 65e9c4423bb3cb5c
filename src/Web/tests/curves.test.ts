import assert from "node:assert/strict";
import { test } from "node:test";
import { toCsv } from "../source/curves/csv.ts";
import { expand, panelsOf } from "../source/curves/panels.ts";
import { put, SeriesStore } from "../source/curves/series.ts";
import { align, smooth } from "../source/curves/smooth.ts";
import { thin } from "../source/curves/thin.ts";

const wave = Array.from({ length: 100_000 }, (_, at) => Math.sin(at / 500) + (at === 77_777 ? 40 : 0) - (at === 12_345 ? 40 : 0));

test("thin_LongSeries_KeepsPeaksAndEnds", () => {
    const kept = thin(wave, 1000);
    assert.ok(kept.length <= 1000, `${kept.length}`);
    for (const place of [0, 99_999, 77_777, 12_345]) assert.ok(kept.includes(place), `${place}`);
    assert.deepEqual(
        kept,
        [...new Set(kept)].sort((a, b) => a - b),
    );
});

test("thin_ShortSeries_IsWhole", () => assert.deepEqual(thin([3, 1, 2], 10), [0, 1, 2]));

test("thin_NotFinite_IsKeptWhereItBegins", () => {
    const values = wave.slice(0, 5000).map((value, at) => (at > 2000 && at < 2010 ? NaN : value));
    assert.ok(thin(values, 400).includes(2001));
});

test("thin_AllNotFinite_KeepsEnds", () => assert.deepEqual(thin(new Array(100).fill(NaN) as number[], 4), [0, 99]));

test("smooth_ConstantSeries_StaysFromTheBegin", () => smooth([5, 5, 5], 0.9).forEach(value => assert.ok(Math.abs(value - 5) < 1e-12)));

test("smooth_WeightNull_IsTheSeries", () => assert.deepEqual(smooth([1, 4, 2], 0), [1, 4, 2]));

test("smooth_NotFinite_StaysAndDoesNotCount", () => {
    const smoothed = smooth([2, NaN, 2], 0.5);
    assert.ok(Number.isNaN(smoothed[1]!));
    assert.equal(smoothed[2], 2);
});

test("align_DifferentSteps_AreOneAxis", () =>
    assert.deepEqual(
        align([
            { steps: [1, 3], values: [10, 30] },
            { steps: [2, 3], values: [NaN, 5] },
        ]),
        [
            [1, 2, 3],
            [10, null, 30],
            [null, null, 5],
        ],
    ));

test("toCsv_ColumnsOfDifferentSteps_HaveEmptyCells", () =>
    assert.equal(
        toCsv([
            { name: 'a,"b"', steps: [1, 2], values: [0.5, NaN] },
            { name: "=c", steps: [2], values: [7] },
        ]),
        'step,"a,""b""",\'=c\r\n1,0.5,\r\n2,NaN,7\r\n',
    ));

test("put_KnownStep_IsReplaced_LaterOnesAppended", () => {
    const series = { steps: [1, 3], values: [1, 3], count: 2, thinned: false };
    put(series, 3, 30);
    put(series, 5, 50);
    put(series, 2, 20);
    assert.deepEqual([series.steps, series.values, series.count], [[1, 2, 3, 5], [1, 20, 30, 50], 4]);
});

test("SeriesStore_RowsThatCameWhileLoading_AreKept", () => {
    const store = new SeriesStore();
    store.begin("rl", "kl");
    store.add({ stage: "rl", step: 9, wallTime: "", values: { kl: "NaN", other: 1 } });
    store.take(
        { runId: "r", cursor: "", series: [{ stage: "rl", name: "kl", count: 8, thinned: false, steps: [7, 8], values: [1, 2] }] },
        true,
    );
    assert.deepEqual(store.get("rl", "kl")!.steps, [7, 8, 9]);
    assert.ok(Number.isNaN(store.get("rl", "kl")!.values[2]!));
    assert.deepEqual([...store.names.get("rl")!].sort(), ["kl", "other"]);
    assert.equal(store.get("rl", "other"), undefined);
});

test("expand_Star_TakesWhatIsThere", () =>
    assert.deepEqual(
        expand(["sources/*/reward/mean", "kl", "gone"], new Set(["kl", "sources/b/reward/mean", "sources/a/reward/mean", "sources/a/kl"])),
        ["sources/a/reward/mean", "sources/b/reward/mean", "kl"],
    ));

test("panelsOf_NothingKnown_AreNone", () => {
    assert.deepEqual(panelsOf(new Set()), []);
    assert.deepEqual(
        panelsOf(new Set(["eval/pass_at_1"])).map(panel => panel.title),
        ["Accuracy"],
    );
});
