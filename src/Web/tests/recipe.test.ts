import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, spotAt, toValue } from "../source/recipe/json.ts";
import { placeOf, rangeOf } from "../source/recipe/places.ts";
import { linked, type WrittenSchema } from "../source/recipe/references.ts";
import { explanation, proposals, type Schema } from "../source/recipe/schema.ts";

const small: Schema = {
    type: "object",
    properties: {
        name: { type: "string", description: "The name." },
        seed: { type: ["integer", "null"], default: 1 },
        stages: {
            type: "object",
            additionalProperties: {
                properties: { kind: { enum: ["rl", "sft"] } },
                anyOf: [
                    {
                        title: "rl",
                        properties: {
                            kind: { const: "rl" },
                            iterations: { type: "integer", minimum: 1, description: "How many." },
                            loss: { type: "object", properties: { name: { enum: ["grpo", "dapo"] } } },
                        },
                    },
                    {
                        title: "sft",
                        properties: {
                            kind: { const: "sft" },
                            epochs: { type: "integer" },
                            data: { type: "array", items: { enum: ["a", "b"] } },
                        },
                    },
                ],
            },
        },
    },
};

/** A text with the caret at |. */
function at(marked: string, schema: Schema = small): { text: string; labels: string[]; told: string | undefined } {
    const caret = marked.indexOf("|");
    const text = marked.replace("|", "");
    const spot = spotAt(text, caret);
    return {
        text,
        labels: spot ? proposals(schema, spot, text).map(one => one.label) : [],
        told: spot && explanation(schema, spot, text)?.description,
    };
}

test("parse_CommentsAndTrailingCommas_AreRead", () =>
    assert.deepEqual(toValue(parse('// a\n{ "a": [1, 2.5e-3, /* x */ true,], "b": null, }')), { a: [1, 0.0025, true], b: null }));

test("parse_HalfOfAText_GoesAsFarAsItGoes", () => {
    assert.deepEqual(toValue(parse('{"a": {"b": 1, "c"')), { a: { b: 1, c: undefined } });
    for (const text of ["", "{", '{"a', '{"a":', "[1,", "}", "{]}", "{{", "{:,}", "[}", '"\\']) parse(text);
});

test("proposals_EmptyObject_AreItsFields", () => assert.deepEqual(at("{ | }").labels, ["name", "seed", "stages"]));

test("proposals_FieldsThatAreThere_AreNotProposedAgain", () => assert.deepEqual(at('{ "name": "x", | }').labels, ["seed", "stages"]));

test("proposals_ByKind_AreThoseOfItsForm", () => {
    assert.deepEqual(at('{ "stages": { "s": { "kind": "rl", | } } }').labels, ["iterations", "loss"]);
    assert.deepEqual(at('{ "stages": { "s": { "kind": "sft", "e|" } } }').labels, ["epochs"]);
    assert.deepEqual(at('{ "stages": { "s": { "kind": | } } }').labels, ["rl", "sft"]);
});

test("proposals_InnerObjectAndArray_AreTheirOwn", () => {
    assert.deepEqual(at('{ "stages": { "s": { "kind": "rl", "loss": { "name": "|" } } } }').labels, ["grpo", "dapo"]);
    assert.deepEqual(at('{ "stages": { "s": { "kind": "sft", "data": [ | ] } } }').labels, ["a", "b"]);
});

test("proposals_TextWithoutItsEnd_TakesNothingOfTheLine", () => {
    assert.deepEqual(at('{ "stages": { "s": { "kind": "sft", "epo| } } }').labels, ["epochs"]);
    assert.deepEqual(at('{ "stages": { "s": { "kind": "| } } }').labels, ["rl", "sft"]);
    const text = '{ "stages": { "s": { "epo } } }';
    assert.equal(spotAt(text, text.indexOf("epo") + 3)!.to, text.indexOf("epo") + 3);
});

test("proposals_InAComment_AreNone", () => assert.deepEqual(at("{ // na|me\n }").labels, []));

test("proposals_OfTheRecipesOwnSchema_FollowItsReferences", () => {
    // Tests run in the page's folder.
    const own = linked(JSON.parse(readFileSync("../../recipes/recipe.schema.json", "utf8")) as WrittenSchema);
    assert.ok(at('{ "stages": { "s": { "kind": "sft", "epo|\n} } }', own).labels.includes("epochs"));
    assert.ok(at('{ "stages": { "s": { "kind": "rl", "optimizer": { "lear|" } } } }', own).labels.includes("learningRate"));
    assert.ok(at('{ "stages": { "s": { "kind": "rl", "rewards": { "accuracy/math": { "options": { "|" } } } } } }', own).labels.length > 0);
});

test("linked_DefinitionThatHoldsItself_IsACircle", () => {
    const own = linked({
        $defs: { tree: { type: "object", properties: { inner: { $ref: "#/$defs/tree" } as Schema, name: { type: "string" } } } },
        properties: { root: { $ref: "#/$defs/tree", description: "Its own words." } as Schema },
    });
    assert.deepEqual(at('{ "root": { "inner": { "inner": { "|" } } } }', own).labels, ["inner", "name"]);
    assert.equal(at('{ "ro|ot": {} }', own).told, "Its own words.");
    assert.throws(() => linked({ properties: { a: { $ref: "#/$defs/none" } as Schema } }), /#\/\$defs\/none/);
});

test("explanation_AtAField_SaysWhatItIs", () =>
    assert.equal(at('{ "stages": { "s": { "kind": "rl", "iterat|ions": 3 } } }').told, "How many."));

test("rangeOf_Problem_IsTheTokenThere", () => {
    const text = '{\n  "seed": nope\n}';
    const range = rangeOf(text, { line: 2, column: 11 });
    assert.equal(text.slice(range.from, range.to), "nope");
    assert.deepEqual(placeOf(text, range.from), { line: 2, column: 11 });
    assert.ok(rangeOf(text, { line: 99, column: 99 }).to <= text.length);
});
