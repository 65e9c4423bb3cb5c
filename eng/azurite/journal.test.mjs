// node --test journal.test.mjs: what a kill at any instant, a torn line and a full disk leave behind.
import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Journal } from "./journal.mjs";

const Loki = createRequire(import.meta.url)("lokijs");
const root = mkdtempSync(join(tmpdir(), "journal-"));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function random(seed) { // mulberry32
  return (below) => {
    let t = seed = (seed + 0x6d2b79f5) | 0;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

async function start(folder, options) {
  const database = new Loki(join(folder, "metadata.json"), { persistenceMethod: "fs" });
  const journal = new Journal(database, options);
  if (readdirSync(folder).includes("metadata.json"))
    await new Promise((done, fail) => database.loadDatabase({}, (error) => error ? fail(error) : done()));
  for (const name of ["blobs", "messages"])
    database.getCollection(name) ?? database.addCollection(name, { indices: ["key"], unique: ["key"] });
  await journal.save();
  return { database, journal, of: (name) => database.getCollection(name) };
}

const contents = (database) => Object.fromEntries(database.collections.map((collection) =>
  [collection.name, { maxId: collection.maxId, documents: collection.data.map(({ $loki, key, value }) => ({ $loki, key, value })) }]));

// A copy of the folder is what a kill at this instant leaves.
async function afterAKill(folder, options) {
  const copy = join(root, `copy-${++folders}`);
  cpSync(folder, copy, { recursive: true });
  const again = await start(copy, options);
  for (const collection of again.database.collections)
    for (const document of collection.data) assert.equal(collection.findOne({ key: document.key })?.$loki, document.$loki);
  await again.journal.close();
  rmSync(copy, { recursive: true });
  return contents(again.database);
}

const newFolder = () => mkdtempSync(join(root, "run-"));

for (let seed = 1; seed <= 12; seed++) {
  test(`killed at any instant, seed ${seed}: what was saved is there`, async () => {
    const [draw, folder, options] = [random(seed), newFolder(), { worthwhile: 600 }];
    let { database, journal, of } = await start(folder, options);
    let key = 0, saved;
    for (let step = 0; step < 120; step++) {
      const collection = of(["blobs", "messages"][draw(2)]);
      const some = () => collection.data[draw(collection.data.length)];
      const kind = collection.data.length === 0 ? 0 : draw(5);
      if (kind < 2) collection.insert({ key: `${seed}-${key++}`, value: "v".repeat(draw(60)) });
      else if (kind === 2) collection.update(Object.assign(some(), { value: `changed ${step}` }));
      else if (kind === 3) collection.remove(some());
      else {
        const pending = journal.save();
        if (draw(2) === 0) of("blobs").insert({ key: `${seed}-${key++}`, value: "while it is saved" });
        await pending;
        await journal.save();
        saved = contents(database);
        assert.deepEqual(await afterAKill(folder, options), saved);
      }
      if (draw(25) === 0) {
        await journal.close();
        ({ database, journal, of } = await start(folder, options));
      }
    }
    await journal.close();
    assert.deepEqual(await afterAKill(folder, options), contents(database));
  });
}

test("a snapshot takes the journal's place, and what changes meanwhile is in the next", async () => {
  const folder = newFolder();
  const { database, journal, of } = await start(folder, { worthwhile: 1000 });
  for (let i = 0; i < 3000; i++) of("blobs").insert({ key: `k${i}`, value: "x" });
  await journal.save(); // begins a snapshot
  for (let i = 0; readFileSync(join(folder, "metadata.json")).length < 100_000; i++) {
    of("blobs").remove(of("blobs").data[i % 100]);
    of("messages").insert({ key: `m${i}`, value: "y" });
    await journal.save();
    assert.deepEqual(await afterAKill(folder), contents(database));
  }
  await journal.close();
  assert.deepEqual(readdirSync(folder).filter((name) => name.includes(".journal.")).length, 1);
});

test("a torn last line is as if never written, a torn line before others is an error", async () => {
  const folder = newFolder();
  const { database, journal, of } = await start(folder);
  of("blobs").insert({ key: "kept", value: "1" });
  await journal.save();
  const saved = contents(database);
  const [file] = readdirSync(folder).filter((name) => name.includes(".journal."));
  const whole = readFileSync(join(folder, file)).length;
  of("blobs").insert({ key: "torn", value: "2" });
  await journal.save();
  const length = readFileSync(join(folder, file)).length;
  for (let bytes = whole; bytes < length; bytes += 7) {
    truncateSync(join(folder, file), bytes);
    assert.deepEqual(await afterAKill(folder), saved);
  }
  appendFileSync(join(folder, file), "\n[]\n");
  await assert.rejects(() => afterAKill(folder), /journal\.1, line \d/);
});

test("a full disk fails the save, and the next one brings what it lacked", async () => {
  const folder = newFolder();
  let full = false;
  const openFile = async (...at) => {
    const handle = await open(...at);
    const write = handle.write.bind(handle);
    handle.write = async (buffer, offset, length, position) => {
      if (!full) return write(buffer, offset, length, position);
      await write(buffer, offset, Math.floor(length / 2), position);
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    return handle;
  };
  const { database, journal, of } = await start(folder, { openFile });
  of("blobs").insert({ key: "a", value: "long ".repeat(100) });
  full = true;
  await assert.rejects(() => journal.save(), /no space left/);
  full = false;
  of("blobs").remove(of("blobs").findOne({ key: "a" }));
  of("blobs").insert({ key: "b", value: "short" });
  await journal.save();
  assert.deepEqual(await afterAKill(folder), contents(database));
});
