// Keeps a Loki database on disk by what changed. Loki writes all of its documents again at every save, so that the thousandth small commit
// costs a thousand times the first. Here a save appends the changed documents to a journal; now and then, in the background, a snapshot of
// everything takes the journal's place.
//   FILE              the snapshot, in Loki's own format; it names the journal that follows it
//   FILE.journal.N    what changed since, a line a save
// While a snapshot is written, its journal lies beside the one before: all that are there are replayed in order. Only the last line of the
// last one may be torn: nobody was told that it is there.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setImmediate as letOthers } from "node:timers/promises";

const documentsAtOnce = 500;      // written to a snapshot before others get their turn

// Stands behind a Loki database that has not been loaded yet. synced: a save is done once the disk has it, so that a power cut takes
// nothing back. worthwhile: the bytes of journal below which no snapshot is written.
export class Journal {
  #database; #file; #synced; #worthwhile; #open;
  #number = 0; #output; #bytes = 0; // the journal that is written
  #snapshotBytes = 0; #snapshot;    // the one that is being written
  #last = Promise.resolve();

  constructor(database, { synced = false, worthwhile = 4 << 20, openFile = open } = {}) {
    [this.#database, this.#file, this.#synced, this.#worthwhile, this.#open] = [database, database.filename, synced, worthwhile, openFile];
    database.isIncremental = true; // its collections note the ids of what changed
    database.loadDatabase = (_, done) => tell(() => this.#load(), done);
    database.saveDatabase = (done) => tell(() => this.save(), done);
  }

  // One after the other: a line is whole before the next begins.
  save() {
    return this.#next(() => this.#output ? this.#append() : this.#begin());
  }

  // Leaves the snapshot alone.
  async close() {
    await this.save();
    await this.#snapshot;
    await this.#writeSnapshot();
    await this.#output.close();
  }

  #next(action) {
    return this.#last = this.#last.catch(() => {}).then(action);
  }

  #path(number) {
    return `${this.#file}.journal.${number}`;
  }

  #numbers() {
    const start = `${basename(this.#file)}.journal.`;
    return readdirSync(dirname(this.#file)).filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length)))
      .sort((a, b) => a - b);
  }

  #load() {
    const text = readFileSync(this.#file, "utf8");
    const state = text === "" ? { collections: [] } : JSON.parse(text);
    const numbers = this.#numbers().filter((number) => number >= (state.journal ?? 0));
    replay(state, numbers.map((number) => this.#path(number)));
    this.#number = numbers.at(-1) ?? state.journal ?? 0;
    this.#database.loadJSONObject(state, {});
    for (const collection of this.#database.collections) collection.ensureAllIndexes(true); // the snapshot's know nothing of the journal
  }

  // A start writes a snapshot first: of what was replayed, and of the collections that Azurite has added.
  async #begin() {
    await this.#finishSnapshot(await this.#startJournal(), () => this.#append());
  }

  async #append() {
    const changes = takeChanges(this.#database);
    if (!changes) return;
    try {
      await writeAll(this.#output, changes.line, this.#bytes);
      if (this.#synced) await this.#output.datasync();
      this.#bytes += changes.line.length;
    } catch (error) {
      changes.giveBack();
      throw error;
    }
    if (this.#bytes > Math.max(this.#worthwhile, this.#snapshotBytes)) this.#startSnapshot();
  }

  #startSnapshot() {
    this.#snapshot ??= this.#writeSnapshot()
      .catch((error) => console.error(`cannot write a snapshot of its state: ${error.message}`)) // the journals hold all of it
      .finally(() => this.#snapshot = undefined);
  }

  async #writeSnapshot() {
    const state = await this.#next(() => this.#startJournal());
    await this.#finishSnapshot(state, () => this.save());
  }

  // From here on changes go to a journal of their own. What a snapshot needs is held in the same instant.
  async #startJournal() {
    const output = await this.#open(this.#path(this.#number + 1), "w");
    await this.#output?.truncate(this.#bytes); // what a failed write may have left
    await this.#output?.close();
    [this.#output, this.#bytes] = [output, 0];
    return hold(this.#database, ++this.#number);
  }

  // Documents are written as they are when their turn comes, some of them newer than the instant that was held. So the journal must
  // hold all changes up to the end before the snapshot counts.
  async #finishSnapshot(state, saveChanges) {
    const temporary = `${this.#file}~`;
    const output = await this.#open(temporary, "w");
    let bytes = 0;
    try {
      for await (const text of snapshotOf(state)) {
        const buffer = Buffer.from(text);
        await writeAll(output, buffer, bytes);
        bytes += buffer.length;
      }
      await output.datasync();
    } finally {
      await output.close();
    }
    await saveChanges();
    await rename(temporary, this.#file);
    this.#snapshotBytes = bytes;
    for (const number of this.#numbers().filter((number) => number < state.journal)) await rm(this.#path(number), { force: true });
  }
}

function tell(action, done) {
  Promise.resolve().then(action).then(() => done?.(), done ?? ((error) => console.error(`cannot write its state: ${error.message}`)));
}

async function writeAll(output, buffer, position) {
  for (let written = 0; written < buffer.length;)
    written += (await output.write(buffer, written, buffer.length - written, position + written)).bytesWritten;
}

function takeChanges(database) {
  const taken = database.collections.map((collection) => ({ collection, ids: [...new Set(collection.dirtyIds)] }))
    .filter(({ ids }) => ids.length > 0);
  for (const collection of database.collections) [collection.dirty, collection.dirtyIds] = [false, []];
  if (taken.length === 0) return undefined;
  const changes = taken.map(({ collection, ids }) => {
    const documents = ids.map((id) => collection.get(id));
    return { name: collection.name, maxId: collection.maxId, put: documents.filter((document) => document),
      removed: ids.filter((_, index) => !documents[index]) };
  });
  return {
    line: Buffer.from(`${JSON.stringify(changes)}\n`),
    giveBack: () => taken.forEach(({ collection, ids }) => {
      collection.dirty = true;
      collection.dirtyIds.push(...ids);
    }),
  };
}

function fail(message) {
  throw new Error(message);
}

function replay(state, journals) {
  const collections = new Map(state.collections.map((collection) => [collection.name,
    { collection, documents: new Map(collection.data.map((document) => [document.$loki, document])) }]));
  for (const [index, journal] of journals.entries()) {
    const lines = readFileSync(journal, "utf8").split("\n");
    const rest = lines.pop();
    if (rest !== "" && index < journals.length - 1) throw new Error(`${journal}: its last line is torn, and a journal follows it`);
    for (const [number, line] of lines.entries()) {
      let changes;
      try {
        changes = JSON.parse(line);
      } catch (error) {
        if (index === journals.length - 1 && number === lines.length - 1) break; // what a failed write has left
        throw new Error(`${journal}, line ${number + 1}: ${error.message}`);
      }
      for (const { name, maxId, put, removed } of changes) {
        const { collection, documents } = collections.get(name)
          ?? fail(`${journal}, line ${number + 1}: '${name}' is no collection of the snapshot`);
        collection.maxId = maxId;
        for (const document of put) documents.set(document.$loki, document);
        for (const id of removed) documents.delete(id);
      }
    }
  }
  for (const { collection, documents } of collections.values())
    collection.data = [...documents.values()].sort((a, b) => a.$loki - b.$loki); // Loki finds them by bisection
}

// The database without its documents as Loki writes it, and references to these.
function hold(database, journal) {
  const held = database.collections.map(({ data, idIndex, binaryIndices }) => ({ data, idIndex, binaryIndices }));
  for (const collection of database.collections) {
    const indices = Object.keys(collection.binaryIndices).map((name) => [name, { name, dirty: true, values: [] }]);
    Object.assign(collection, { data: [], idIndex: null, binaryIndices: Object.fromEntries(indices) });
  }
  try {
    return { shell: JSON.parse(database.serialize()), documents: held.map(({ data }) => [...data]), journal };
  } finally {
    database.collections.forEach((collection, index) => Object.assign(collection, held[index]));
  }
}

async function* snapshotOf({ shell, documents, journal }) {
  const { collections, ...database } = shell;
  yield `${JSON.stringify({ ...database, journal }).slice(0, -1)},"collections":[`;
  for (const [index, collection] of collections.entries()) {
    const { data, dirtyIds, ...rest } = collection;
    yield `${index > 0 ? "," : ""}${JSON.stringify(rest).slice(0, -1)},"dirtyIds":[],"data":[`;
    for (let start = 0, first = true; start < documents[index].length; start += documentsAtOnce) {
      // One that was removed meanwhile has lost its id.
      const part = documents[index].slice(start, start + documentsAtOnce).filter((document) => document.$loki !== undefined);
      if (part.length > 0) yield `${first ? "" : ","}${part.map((document) => JSON.stringify(document)).join(",")}`;
      first &&= part.length === 0;
      await letOthers();
    }
    yield "]}";
  }
  yield "]}";
}
