import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamParser, type ServerEvent } from "../source/api/streamParser.ts";

const Stream =
    ': hello\nretry: 2000\n\nid: a=1\nevent: metrics\ndata: {"x":1}\n\ndata: one\ndata:two\r\n\r\nevent: end\rdata: é\r\rid\ndata\n\n';
const Expected: ServerEvent[] = [
    { id: "a=1", name: "metrics", data: '{"x":1}' },
    { id: "a=1", name: "message", data: "one\ntwo" },
    { id: "a=1", name: "end", data: "é" },
    { id: "", name: "message", data: "" },
];

test("push_StreamCutAnywhere_GivesTheSameEvents", () => {
    for (let size = 1; size <= Stream.length; size++) {
        const parser = new StreamParser();
        const events: ServerEvent[] = [];
        for (let at = 0; at < Stream.length; at += size) events.push(...parser.push(Stream.slice(at, at + size)));
        assert.deepEqual(events, Expected, `chunks of ${size}`);
        assert.equal(parser.retry, 2000);
    }
});

test("push_EventWithoutData_IsNone", () => assert.deepEqual(new StreamParser().push("event: x\nid: 1\n\n"), []));

test("push_ByteOrderMark_IsPassedOver", () =>
    assert.deepEqual(new StreamParser().push("\uFEFFdata: x\n\n"), [{ id: undefined, name: "message", data: "x" }]));

test("push_UnfinishedEvent_WaitsForItsEnd", () => {
    const parser = new StreamParser();
    assert.deepEqual(parser.push("data: x\n"), []);
    assert.equal(parser.push("\n").length, 1);
});
