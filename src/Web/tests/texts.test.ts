import assert from "node:assert/strict";
import { test } from "node:test";
import { splitThought } from "../source/samples/think.ts";
import { ago, bytes, duration, figure, money } from "../source/ui/format.ts";
import { visible } from "../source/ui/visible.ts";

test("splitThought_Completions_AreTakenApart", () => {
    assert.deepEqual(splitThought("a<think>b</think>c"), { before: "a", think: "b", closed: true, after: "c" });
    assert.deepEqual(splitThought("b</think>c"), { before: "", think: "b", closed: true, after: "c" });
    assert.deepEqual(splitThought("<think>b"), { before: "", think: "b", closed: false, after: "" });
    assert.deepEqual(splitThought("no tags"), { before: "no tags", think: undefined, closed: true, after: "" });
});

test("visible_SignsThatSteer_AreShownByTheirNumbers", () => {
    assert.equal(visible("a\u202Eb\u001B[31m\u200Bc\r\nd\te"), "a\u2329U+202E\u232Ab\u2329U+001B\u232A[31m\u2329U+200B\u232Ac\nd\te");
    assert.equal(visible("日本語 é 👩‍🚀".replaceAll("\u200D", "")), "日本語 é 👩🚀");
});

test("figure_AnySize_HasDigitsThatTell", () => {
    assert.deepEqual([0, 0.83124, 12.345, 1536, 0.0000021, -3, NaN].map(figure), [
        "0",
        "0.8312",
        "12.35",
        "1,536",
        "2.10e\u22126",
        "\u22123",
        "NaN",
    ]);
    assert.equal(figure(undefined), "–");
});

test("duration_AnyLength_HasTwoUnits", () =>
    assert.deepEqual([0, 4.25, 59.4, 185, 7800, 273_600].map(duration), ["0 s", "4.3 s", "59 s", "3 min 05 s", "2 h 10 min", "3 d 4 h"]));

test("duration_JustBelowAUnit_IsRoundedInto", () =>
    assert.deepEqual([59.6, 3599.7, 86_399].map(duration), ["1 min 00 s", "1 h 00 min", "1 d 0 h"]));

test("bytes_money_ago_AreShort", () => {
    assert.deepEqual([bytes(999), bytes(1500), bytes(85e9)], ["999 B", "1.5 kB", "85 GB"]);
    assert.deepEqual([money(119.3, "USD"), money(0.0032, "USD"), money(0, "EUR")], ["119.30 USD", "0.0032 USD", "0.00 EUR"]);
    assert.equal(ago("1970-01-01T00:00:00Z", 3_700_000), "1 h ago");
});
