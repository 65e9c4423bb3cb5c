// Azurite's blob and queue services in one process, on loopback; its table service too where its port is given.
//   node azurite.mjs FOLDER [BLOB_PORT [QUEUE_PORT [TABLE_PORT]]]     (port 0: a free one)
// The environment variable R1_AZURITE_KEY holds the account's key (base64): the published one of every Azurite would let in any user of
// this machine. R1_AZURITE_SYNC=1 waits at each commit until the disk has it: then a power cut takes nothing back either.
// Prints one line of JSON, {"blobPort":…,"queuePort":…,"tablePort":…}, when all accept requests. The line "stop" on its standard input
// ends it at once; the end of its standard input, which is its starter's death, a little later, so that workers can still put their jobs back.
// Ctrl-C in a terminal is left to its starter.
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Journal } from "./journal.mjs";

const [named, blobPort = "0", queuePort = "0", tablePort] = process.argv.slice(2);
const key = process.env.R1_AZURITE_KEY ?? "";
if (!named || !/^[A-Za-z0-9+/]{43,}=*$/.test(key)) {
  console.error("usage: R1_AZURITE_KEY=KEY node azurite.mjs FOLDER [BLOB_PORT [QUEUE_PORT [TABLE_PORT]]]");
  console.error("KEY: at least 32 random bytes as base64");
  process.exit(10);
}
const folder = resolve(named);

// Settings of some other Azurite must not leak in.
delete process.env.AZURITE_DB;
process.env.AZURITE_ACCOUNTS = `devstoreaccount1:${key}`;
process.umask(0o077); // what is written is this user's alone

const require = createRequire(import.meta.url);
const load = (module) => require(`azurite/dist/src/${module}`).default;

// Azurite's client for usage reports, which nothing here switches on, is most of what it loads at its start.
const reports = require.resolve("applicationinsights");
require.cache[reports] = { id: reports, filename: reports, loaded: true, exports: {} };

const host = "127.0.0.1";
const keepAliveSeconds = 120;
const lingerMilliseconds = 3000;
const patienceMilliseconds = 15000;

// Two processes over one folder would overwrite each other's state. A socket's owner is either alive or gone, whatever ended it. It lies in
// the folder, where no other user can take its place, and is named from there: a socket's path must be short.
async function takeFolder() {
  process.chdir(folder);
  const address = process.platform === "win32" ? `\\\\.\\pipe\\r1-azurite-${encodeURIComponent(folder)}` : "./taken.sock";
  const isTaken = () => new Promise((done) => {
    const probe = connect(address, () => done(probe.destroy() && true)).on("error", () => done(false));
  });
  for (const deadline = Date.now() + patienceMilliseconds; await isTaken(); await delay(100)) {
    if (Date.now() > deadline) {
      console.error(`folder in use by another Azurite: ${folder}`);
      process.exit(12);
    }
  }
  if (process.platform !== "win32") rmSync(address, { force: true });
  await new Promise((done, fail) => createServer((socket) => socket.destroy()).on("error", fail).listen(address, done));
  if (process.platform !== "win32") process.on("exit", () => rmSync(join(folder, address), { force: true }));
}

const parts = {
  blob: ["BlobServer", "BlobConfiguration"],
  queue: ["QueueServer", "QueueConfiguration"],
  table: ["TableServer", "TableConfiguration"],
};

function create(service, port) {
  const [Server, Configuration] = parts[service].map((name) => load(`${service}/${name}`));
  const at = (name) => join(folder, `${service}-${name}`);
  const files = [{ locationId: "Default", locationPath: at("data"), maxConcurrency: 10 }];
  return new Server(new Configuration(
    host, Number(port), keepAliveSeconds, at("metadata.json"), ...(service === "table" ? [] : [at("extents.json"), files]),
    false, undefined, // access log
    false, undefined, // debug log
    false,            // loose: unknown features are errors
    true));           // any version of the storage API: the clients may be newer than Azurite
}

// Azurite saves its state every five seconds, so a sudden end takes back what it has acknowledged. The run's history, which is
// elsewhere, would then build on what is not there, and what a user was told is done would be undone. So these requests are answered once
// all that came before them is on disk: a queue's coming and going, a message, and what is done to blobs that no message tells of, but for
// the parts of one.
const isCommit = {
  blob: ({ method, url }) => (method === "PUT" || method === "DELETE") && !/[?&]comp=(block|appendblock)(&|$)/.test(url)
    && !/\/(jobs|checkpoints)\//.test(decodeURIComponent(url)),
  queue: ({ method, url }) => method === "POST" || ((method === "PUT" || method === "DELETE") && !url.includes("/messages/")),
};

const servers = [], journals = new Map();
const synced = process.env.R1_AZURITE_SYNC === "1";
const databases = (server) => [server.extentMetadataStore?.db, server.metadataStore.db].filter((database) => database);
let lastCommit = Promise.resolve(), nextCommit; // whoever comes while one is being written waits for the next
const commit = () => nextCommit ??= lastCommit = lastCommit.catch(() => {}).then(async () => {
  nextCommit = undefined;
  // Contents first: what refers to them is written after them.
  await Promise.all(servers.map(async (server) => {
    for (const database of databases(server)) await journals.get(database)?.save();
  }));
});

// Stands before a service: refuses what was sent to another name than this machine's, which is how a web page asks whose name was made
// to lead here, and holds answers back until what they acknowledge is on disk.
function standBefore({ httpServer }, isCommit) {
  const [answer] = httpServer.listeners("request");
  httpServer.removeAllListeners("request");
  httpServer.on("request", (request, response) => {
    if (request.headers.host !== `${host}:${httpServer.address().port}`) {
      response.writeHead(403, { "Content-Type": "text/plain", Connection: "close" }).end("not this host");
      return;
    }
    if (isCommit?.(request)) {
      const end = response.end;
      response.end = (...parts) => {
        commit().then(() => end.apply(response, parts), (error) => {
          console.error(`cannot write its state: ${error.message}`);
          request.destroy(); // no answer: it may or may not have been done
        });
        return response;
      };
    }
    answer(request, response);
  });
}

// Loki sorts all indices of a collection again when a list is updated or removed, be it empty or of one: at every receive of a message, with
// the list of the expired ones.
function oneByOne(database) {
  for (const collection of database.collections) {
    for (const name of ["update", "remove"]) {
      const change = collection[name];
      const one = (document) => change.call(collection, document);
      collection[name] = (what) => Array.isArray(what) ? what.forEach(one) : one(what);
    }
  }
}

let closing = false;
async function close(code) {
  if (closing) return;
  closing = true;
  // Closing writes the metadata out: what was acknowledged is there at the next start.
  const closed = await Promise.allSettled(servers.map(async (server) => {
    await server.close();
    for (const database of databases(server)) await journals.get(database)?.close();
  }));
  process.exit(closed.some((result) => result.status === "rejected") ? 1 : code);
}

try {
  mkdirSync(folder, { recursive: true });
  await takeFolder();
  for (const [service, port] of [["blob", blobPort], ["queue", queuePort], ["table", tablePort]]) {
    if (port === undefined) continue;
    const server = create(service, port);
    if (service in isCommit) for (const database of databases(server)) journals.set(database, new Journal(database, { synced }));
    standBefore(server, isCommit[service]);
    await server.start();
    servers.push(server);
    if (journals.has(server.metadataStore.db)) oneByOne(server.metadataStore.db);
  }
} catch (error) {
  console.error(error.code === "EADDRINUSE" ? `port in use: ${error.port}` : error.stack);
  process.exit(error.code === "EADDRINUSE" ? 11 : 1);
}

process.on("SIGINT", () => {});
process.on("SIGTERM", () => close(0));
createInterface(process.stdin)
  .on("line", (line) => line === "stop" && close(0))
  .on("close", async () => {
    await delay(lingerMilliseconds);
    await close(0);
  });

const portOf = (server) => server && Number(new URL(server.getHttpServerAddress()).port);
console.log(JSON.stringify({ blobPort: portOf(servers[0]), queuePort: portOf(servers[1]), tablePort: portOf(servers[2]) }));
