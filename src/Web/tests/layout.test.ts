import assert from "node:assert/strict";
import { test } from "node:test";
import { layout } from "../source/graph/layout.ts";
import { barsOf } from "../source/jobs/bars.ts";
import { lanes, timeTicks } from "../source/jobs/lanes.ts";

const placeOf = (of: ReturnType<typeof layout>, name: string) => of.places.find(place => place.name === name)!;

test("layout_EachNode_StandsRightOfWhatItNeeds", () => {
    const nodes = [
        { name: "d", needs: ["b", "c"] },
        { name: "b", needs: ["a"] },
        { name: "c", needs: ["a", "nothing"] },
        { name: "a", needs: [] },
    ];
    const map = layout(nodes);
    for (const node of nodes)
        for (const need of node.needs.filter(name => name !== "nothing"))
            assert.ok(placeOf(map, need).column < placeOf(map, node.name).column);
    assert.deepEqual([map.columns, map.rows, map.places.length], [3, 2, 4]);
});

test("layout_CrossedLines_AreUncrossed", () => {
    const map = layout([
        { name: "a", needs: [] },
        { name: "b", needs: [] },
        { name: "ofB", needs: ["b"] },
        { name: "ofA", needs: ["a"] },
    ]);
    assert.equal(placeOf(map, "ofA").row < placeOf(map, "ofB").row, placeOf(map, "a").row < placeOf(map, "b").row);
});

test("layout_Circle_Ends", () =>
    assert.equal(
        layout([
            { name: "a", needs: ["b"] },
            { name: "b", needs: ["a"] },
        ]).places.length,
        2,
    ));

test("layout_Nothing_IsEmpty", () => assert.deepEqual(layout([]), { places: [], columns: 0, rows: 0 }));

test("lanes_OverlappingSpans_HaveLanesOfTheirOwn", () => {
    const found = lanes([
        { group: "w-10", from: 0, to: 5 },
        { group: "w-2", from: 3, to: 6 },
        { group: "w-2", from: 0, to: 3 },
        { group: "w-2", from: 1, to: 2 },
    ]);
    assert.deepEqual(
        found.lanes.map(lane => [lane.group, lane.spans.length]),
        [
            ["w-2", 2],
            ["w-2", 1],
            ["w-10", 1],
        ],
    );
});

test("timeTicks_AnySpan_HasAFew", () => {
    for (const span of [150, 5000, 61_000, 3.6e6, 9e8, 9e10]) {
        const ticks = timeTicks(0, span, 8);
        assert.ok(ticks.length >= 2 && ticks.length <= 9, `${span}: ${ticks.length}`);
    }
});

test("barsOf_JobWithALostAttempt_ShowsWaitingAndBoth", () => {
    const at = (second: number): string => new Date(second * 1000).toISOString();
    const bars = barsOf(
        [
            {
                jobId: "rl/0/rollout/0",
                stage: "rl",
                iteration: 0,
                kind: "rollout",
                shard: 0,
                status: "running",
                queuedAt: at(0),
                worker: "w-1",
                attempts: [
                    { attempt: "a", worker: "w-0", startedAt: at(2), endedAt: at(5), outcome: "lost" },
                    { attempt: "b", worker: "w-1", startedAt: at(9), outcome: "running" },
                ],
            },
        ],
        20_000,
    );
    assert.deepEqual(
        bars.map(bar => [bar.group, bar.outcome, bar.from, bar.to]),
        [
            ["w-0", "lost", 2000, 5000],
            ["w-1", "running", 9000, 20_000],
            ["queue", "queue", 0, 2000],
        ],
    );
});
