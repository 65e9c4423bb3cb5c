// node --test start.test.mjs: what Azurite loads at its start.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("start_UsageReports_AreNotLoaded", async () => {
  const folder = mkdtempSync(join(tmpdir(), "azurite-"));
  const azurite = spawn(process.execPath, ["azurite.mjs", folder], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_DEBUG: "module", R1_AZURITE_KEY: Buffer.alloc(33, 7).toString("base64") },
  });
  const ended = once(azurite, "close");
  let words = "";
  azurite.stderr.on("data", (data) => words += data);
  const [ready] = await once(azurite.stdout, "data");
  azurite.stdin.end("stop\n");
  await ended;
  rmSync(folder, { recursive: true });
  assert.ok(JSON.parse(ready).blobPort > 0);
  assert.match(words, /BlobServer/);
  assert.doesNotMatch(words, /load "[^"]*node_modules\/applicationinsights\//);
});
