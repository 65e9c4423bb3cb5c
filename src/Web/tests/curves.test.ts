import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageView } from "../source/api/types.ts";
import { controlsOf, curvesOfControls, namesOf } from "../source/curves/controls.ts";
import { toCsv } from "../source/curves/csv.ts";
import { expand, panelsOf } from "../source/curves/panels.ts";
import { curvesOf, labelIn, type Shown } from "../source/curves/shown.ts";
import { put, SeriesStore } from "../source/curves/series.ts";
import { align, smooth } from "../source/curves/smooth.ts";
import { stageToShow } from "../source/curves/stages.ts";
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

const stage = (name: string, controlOf?: string): StageView => ({
    name,
    label: `${name}~1`,
    kind: "rl",
    status: "completed",
    done: 1,
    total: 1,
    metrics: {},
    ...(controlOf === undefined ? {} : { controlOf }),
});

test("controlsOf_AStage_AreThoseBesideIt", () => {
    const stages = [stage("base"), stage("rl"), stage("rl.random-reward", "rl"), stage("rl2"), stage("rl2.random-reward", "rl2")];
    assert.deepEqual(
        controlsOf(stages, "rl~1").map(control => control.label),
        ["rl.random-reward~1"],
    );
    assert.deepEqual([controlsOf(stages, "base~1"), controlsOf(stages, "gone"), controlsOf(stages, undefined)], [[], [], []]);
});

test("curvesOfControls_Accuracy_AreDashedAndNamedByTheWord_OtherPanelsHaveNone", () => {
    const store = new SeriesStore();
    const known = new Set(["accuracy", "eval/greedy_accuracy", "reward/mean"]);
    for (const name of known) {
        store.begin("rl.random-reward~1", name);
        store.add({ stage: "rl.random-reward~1", step: 4, wallTime: "", values: { [name]: 0.25 } });
    }
    const panels = panelsOf(known);
    assert.deepEqual(namesOf(panels, new Set(["accuracy", "kl"])), ["accuracy"]);
    const curves = panels.flatMap(panel => curvesOfControls(store, [stage("rl.random-reward", "rl")], panel));
    assert.deepEqual(
        curves.map(curve => [curve.name, curve.values, curve.dashed, curve.points]),
        [
            ["random-reward accuracy", [0.25], true, undefined],
            ["random-reward eval/greedy_accuracy", [0.25], undefined, true],
        ],
    );
});

test("stageToShow_AControlThatRuns_ShowsTheStageThatItIsDrawnUnder", () => {
    const stages = [stage("rl"), { ...stage("rl.random-reward", "rl"), status: "running" as const }];
    const names = new Map(stages.map(one => [one.label, new Set(["accuracy"])]));
    assert.equal(stageToShow(stages, undefined, names), "rl~1");
});

// A run of some stages, each by its name and label, with a series of each.
function shownRun(id: string, ...stages: [name: string, label: string][]): Shown {
    const series = new SeriesStore();
    for (const [, label] of stages)
        for (const name of ["kl", "x/a", "x/b"])
            series.take(
                { runId: id, cursor: "", series: [{ stage: label, name, count: 1, thinned: false, steps: [1], values: [2] }] },
                true,
            );
    const run = { stages: stages.map(([name, label]) => ({ name, label })) };
    return { store: { id, run, series }, label: id } as unknown as Shown;
}

test("labelIn_StageThatWasMadeAnew_IsFoundByItsName", () => {
    const [one, other] = [shownRun("one", ["rl", "rl"]), shownRun("other", ["rl", "rl~1"])];
    assert.equal(labelIn(other.store, one.store, "rl"), "rl~1");
    assert.equal(labelIn(one.store, other.store, "rl~1"), "rl");
    assert.equal(labelIn(one.store, one.store, "gone"), "gone");
});

test("curvesOf_SeveralRuns_AreToldApartByTheirIds", () => {
    const shown = [shownRun("one", ["rl", "rl"]), shownRun("other", ["rl", "rl~1"])];
    const legends = (names: string[]) => curvesOf(shown, "rl", { title: "", names }).map(curve => curve.legend);
    assert.deepEqual(legends(["kl"]), ["one", "other"]);
    assert.deepEqual(legends(["x/a", "x/b"]), ["one a", "one b", "other a", "other b"]);
    assert.equal(curvesOf([shown[0]!], "rl", { title: "", names: ["kl"] })[0]!.legend, undefined);
});

test("panelsOf_SeveralRuns_DrawASumInPlaceOfItsParts", () => {
    const known = new Set(["time/generation", "time/step"]);
    assert.deepEqual(panelsOf(known).map(panel => panel.names), [["time/generation"]]);
    assert.deepEqual(panelsOf(known, 2).map(panel => panel.names), [["time/step"]]);
});
