import assert from "node:assert/strict";
import { test } from "node:test";
import { splitKey } from "../source/state/key.ts";
import { formatRoute, parseRoute } from "../source/state/route.ts";

test("route_ThereAndBack_IsTheSame", () => {
    const parts = ["runs", "a/b ü%", "curves"];
    const values = { names: "reward/mean,kl", text: "a&b=c #?", from: "3" };
    assert.deepEqual(parseRoute(formatRoute(parts, values)), { parts, values });
});

test("formatRoute_EmptyValues_StayOut", () => assert.equal(formatRoute(["runs"], { state: "", q: undefined }), "#/runs"));

test("parseRoute_BrokenEscape_StandsAsItIs", () =>
    assert.deepEqual(parseRoute("#/runs/%E0%A4%A"), { parts: ["runs", "%E0%A4%A"], values: {} }));

test("splitKey_AddressOfUp_GivesKeyAndRest", () => {
    assert.deepEqual(splitKey("#key=a-b_c%2F"), { key: "a-b_c/", rest: "" });
    assert.deepEqual(splitKey("#key=x&/runs/r?tab=1"), { key: "x", rest: "#/runs/r?tab=1" });
    assert.deepEqual(splitKey("#/runs"), { key: undefined, rest: "#/runs" });
});
