// A runner: waits in a sandbox for one job, a JSON line, and does it in one of three roles; see runner.py, which speaks the same protocol.
'use strict';
const fs = require('fs'), vm = require('vm'), path = require('path');
const childProcess = require('child_process');

// What programs may replace later, as it is now.
const { stringify, parse } = JSON;
const { readSync, writeSync } = fs;
const exit = process.reallyExit.bind(process);
const program = module, load = require;

// ---------------------------------------------------------------- channel

let rest = Buffer.alloc(0);

function receive() {
  const pieces = [rest];
  for (;;) {
    const last = pieces[pieces.length - 1], at = last.indexOf(10);
    if (at >= 0) {
      const line = Buffer.concat([...pieces.slice(0, -1), last.subarray(0, at)]).toString();
      rest = last.subarray(at + 1);
      return parse(line);
    }
    const piece = Buffer.alloc(65536);
    let count;
    try {
      count = readSync(0, piece);
    } catch (e) {
      if (e.code === 'EAGAIN') continue;
      throw e;
    }
    if (count === 0) exit(0);
    pieces.push(piece.subarray(0, count));
  }
}

function send(message, prefix = '') {
  let data = Buffer.from(prefix + stringify(message) + '\n');
  while (data.length > 0) {
    try {
      data = data.subarray(writeSync(1, data));
    } catch (e) {
      if (e.code !== 'EAGAIN') throw e;
    }
  }
}

// ---------------------------------------------------------------- cases

// There is no /proc, and so no /dev/stdin, which programs like to read.
const PRELOAD = `const fs = require('fs');
for (const name of ['readFileSync', 'openSync', 'createReadStream', 'readFile']) {
  const original = fs[name];
  fs[name] = (file, ...rest) => file === '/dev/stdin' ? (name === 'openSync' ? 0 : name === 'createReadStream' ? process.stdin : original(0, ...rest)) : original(file, ...rest);
}`;

function runCases(job) {
  const end = Date.now() + job.totalSeconds * 1000;
  for (const input of job.inputs) {
    const left = Math.min(job.seconds * 1000, end - Date.now());
    send(left > 0 ? runCase(job, input, left) : { timeout: true });
    cleanUp();
  }
  send({ done: true });
}

function runCase(job, input, milliseconds) {
  fs.writeFileSync('/tmp/.preload.js', PRELOAD);
  fs.writeFileSync('/tmp/program.js', job.code);
  const child = childProcess.spawnSync(process.execPath, ['--require', '/tmp/.preload.js', '/tmp/program.js'], {
    input, timeout: milliseconds, maxBuffer: job.outputBytes, killSignal: 'SIGKILL', cwd: '/tmp',
  });
  if (process.pid === 2) {
    try { process.kill(-1, 'SIGKILL'); } catch { /* nobody else is left */ }
  }
  const result = { exit: child.status ?? -require('os').constants.signals[child.signal ?? 'SIGKILL'], output: (child.stdout ?? '').toString('base64'), error: (child.stderr ?? '').toString().slice(-2000) };
  if (child.error?.code === 'ETIMEDOUT') result.timeout = true;
  else if (child.error?.code === 'ENOBUFS') result.flood = true;
  else if (child.error) [result.exit, result.error] = [1, String(child.error)];
  const lines = result.error.split('\n').map(line => line.trim()).filter(line => /^(\w*Error|Uncaught|\[)/.test(line));
  if (lines.length > 0) result.error = lines[0];
  return result;
}

function cleanUp() {
  if (process.pid !== 2) return;
  for (const name of fs.readdirSync('/tmp')) {
    try { fs.rmSync(path.join('/tmp', name), { recursive: true, force: true }); } catch { /* locked by its own permissions */ }
  }
}

// ---------------------------------------------------------------- values

const kept = [], numbers = new Map();

function keep(value) {
  if (!numbers.has(value)) {
    numbers.set(value, kept.length);
    kept.push(value);
  }
  return numbers.get(value);
}

const remotes = new WeakMap(); // proxy → its number on the other side

function encode(value, depth = 0) {
  if (depth > 200) throw new Error('a value nested too deeply');
  switch (typeof value) {
    case 'string': case 'boolean': return value;
    case 'number': return Number.isFinite(value) && !Object.is(value, -0) ? value : ['n', Object.is(value, -0) ? '-0' : String(value)];
    case 'undefined': return ['und'];
    case 'bigint': return ['big', value.toString()];
    case 'symbol': return ['h', keep(value), 'symbol', false];
  }
  if (value === null) return null;
  if (remotes.has(value)) return ['y', remotes.get(value)];
  const inner = item => encode(item, depth + 1);
  if (Array.isArray(value)) return ['l', Array.from(value, inner)];
  if (value instanceof Map) return ['map', [...value].map(([k, v]) => [inner(k), inner(v)])];
  if (value instanceof Set) return ['set', [...value].map(inner)];
  if (value instanceof Date) return ['date', value.getTime()];
  if (value instanceof Promise) return ['p', keep(value)];
  if (value instanceof Error) return ['err', String(value.name), String(value.message)];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return ['ta', value.constructor.name, Array.from(value, inner)];
  const prototype = Object.getPrototypeOf(value);
  if (typeof value !== 'function' && (prototype === null || prototype === Object.prototype)) return ['d', Object.entries(value).map(([k, v]) => [k, inner(v)])];
  return ['h', keep(value), String(value.name ?? prototype?.constructor?.name ?? ''), typeof value === 'function'];
}

function decode(value) {
  if (value === null || typeof value !== 'object') return value;
  const [tag, first, second, third] = value;
  switch (tag) {
    case 'n': return Number(first);
    case 'und': return undefined;
    case 'big': return BigInt(first);
    case 'l': return first.map(decode);
    case 'd': {
      const made = {};
      for (const [key, item] of first) Object.defineProperty(made, key, { value: decode(item), writable: true, enumerable: true, configurable: true });
      return made;
    }
    case 'map': return new Map(first.map(([k, v]) => [decode(k), decode(v)]));
    case 'set': return new Set(first.map(decode));
    case 'date': return new Date(first);
    case 'ta': return { Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, Buffer }[first].from(second.map(decode));
    case 'err': return errorOf(first, second);
    case 'p': try { return Promise.resolve(request({ do: 'await', on: first })); } catch (e) { return Promise.reject(e); }
    case 'y': return kept[first];
    case 'h': return remote(first, second, third);
    default: throw new Error(`the tag ${tag}`);
  }
}

const ERRORS = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

function errorOf(name, message) {
  const error = new (ERRORS[name] ?? Error)(message);
  if (!ERRORS[name]) error.name = name;
  return error;
}

function remote(number, label, callable) {
  const proxy = new Proxy(callable ? function () {} : {}, {
    get(_, key) {
      if (key === Symbol.iterator) return function* () { yield* request({ do: 'list', on: number }); };
      return typeof key === 'symbol' ? undefined : request({ do: 'get', on: number, name: key });
    },
    set(_, key, value) { request({ do: 'set', on: number, name: key }, [value]); return true; },
    apply(_, self, args) { return request({ do: 'call', on: number, self: remotes.get(self) }, args); },
    construct(_, args) { return request({ do: 'new', on: number }, args); },
  });
  remotes.set(proxy, number);
  return proxy;
}

// ---------------------------------------------------------------- conversation

let isJudge = false;

function request(message, args = []) {
  message.args = args.map(item => encode(item));
  send(message, isJudge ? 'C' : '');
  for (;;) {
    const reply = receive();
    if (reply.do !== undefined) {
      send(answerNow(reply), isJudge ? 'C' : '');
      continue;
    }
    (reply.args ?? []).forEach((changed, index) => { if (changed !== null) replaceContent(args[index], decode(changed)); });
    if (reply.raise) throw errorOf(String(reply.raise[0]), String(reply.raise[1]));
    return decode(reply.value);
  }
}

function answerNow(message) {
  let args = [];
  try {
    args = (message.args ?? []).map(decode);
    return finish(message, args, act(message, args));
  } catch (e) {
    return failure(e);
  }
}

function finish(message, args, value) {
  const reply = { value: encode(value) };
  if (message.do === 'call' && args.length > 0) {
    reply.args = args.map((item, index) => {
      if (item === null || typeof item !== 'object' || remotes.has(item)) return null;
      const after = encode(item);
      return stringify(after) === stringify(message.args[index]) ? null : after;
    });
  }
  return reply;
}

const failure = e => ({ raise: [String(e?.name ?? 'Error'), String(e?.message ?? e).slice(0, 1000)] });

function act(message, args) {
  const target = kept[message.on];
  if (isJudge) {
    // The module may call the functions that it was given, no more.
    if (message.do === 'call' && typeof target === 'function') return target(...args);
    throw new TypeError('the tests do not allow that');
  }
  switch (message.do) {
    case 'global': return vm.runInThisContext(`typeof ${message.name} === 'undefined' ? undefined : ${message.name}`) ?? program.exports[message.name];
    case 'call': return message.self === undefined ? target(...args) : target.apply(kept[message.self], args);
    case 'new': return new target(...args);
    case 'get': return target[message.name];
    case 'set': target[message.name] = args[0]; return undefined;
    case 'list': return [...target];
    case 'await': return target;
    default: throw new Error(`cannot ${message.do}`);
  }
}

function replaceContent(target, source) {
  if (Array.isArray(target) && Array.isArray(source)) target.splice(0, target.length, ...source);
  else if (target instanceof Map || target instanceof Set) {
    target.clear();
    for (const item of source) target instanceof Map ? target.set(...item) : target.add(item);
  } else if (target && typeof target === 'object') {
    for (const key of Object.keys(target)) delete target[key];
    Object.assign(target, source);
  }
}

// ---------------------------------------------------------------- module

async function runModule(job) {
  await null; // node -e takes its globals back when its script has run
  Object.assign(globalThis, { require: load, module: program, exports: program.exports });
  for (const name of ['log', 'info', 'debug', 'warn', 'error', 'table', 'dir', 'trace']) console[name] = () => {};
  process.stdout.write = process.stderr.write = () => true;
  try {
    vm.runInThisContext(job.code, { filename: 'program.js' });
  } catch (e) {
    send({ failed: failure(e).raise.join(': ') });
    return;
  }
  send({ names: {} });
  for (;;) {
    const message = receive();
    let reply;
    try {
      const args = (message.args ?? []).map(decode), value = act(message, args);
      reply = finish(message, args, message.do === 'await' ? await value : value);
    } catch (e) {
      reply = failure(e);
    }
    send(reply);
  }
}

// ---------------------------------------------------------------- judge

async function runJudge(job) {
  isJudge = true;
  const tests = job.tests, own = new Set(Object.getOwnPropertyNames(globalThis));
  if (!tests.some(test => /\bassert|\bthrow\b|\bexpect\b/.test(test))) return send({ broken: 'the tests assert nothing' }, 'V');
  const assert = require('assert');
  console.assert = (condition, ...words) => { if (!condition) throw new assert.AssertionError({ message: words.join(' ') || 'console.assert' }); };
  console.log = console.info = console.error = console.warn = () => {};

  // A name that the tests do not define is the program's, unless the language has it: a program must not replace what judges it.
  const trusted = { require, assert, console, module: {}, exports: {} }, found = new Map();
  const lookUp = name => {
    if (!found.has(name)) found.set(name, request({ do: 'global', name }));
    return found.get(name);
  };
  if (job.entryPoint) {
    if (lookUp(job.entryPoint) === undefined) return send({ results: tests.map(() => ({ passed: false, reason: `${job.entryPoint} is not defined` })) }, 'V');
    trusted.candidate = trusted[job.entryPoint] = lookUp(job.entryPoint);
  }
  const scope = new Proxy(trusted, {
    has: (target, key) => typeof key === 'string' && (Object.hasOwn(target, key) || !own.has(key) && lookUp(key) !== undefined),
    get: (target, key) => typeof key === 'symbol' ? undefined : Object.hasOwn(target, key) ? target[key] : lookUp(key),
  });

  const results = [];
  let rejected = null;
  process.on('unhandledRejection', reason => { rejected ??= reason ?? new Error('rejected'); });
  for (const test of tests) {
    let body;
    try {
      body = new Function('scope', `with (scope) { ${job.setup ?? ''}\n${test}\nif (typeof check === 'function' && typeof candidate !== 'undefined' && !/\\bcheck\\s*\\(\\s*\\w+\\s*\\)\\s*;?\\s*$/.test(${stringify(test)})) check(candidate); }`);
    } catch (e) {
      return send({ broken: `the tests do not parse: ${e.message}` }, 'V');
    }
    try {
      rejected = null;
      body(scope);
      await new Promise(resolve => setTimeout(resolve, 1));
      if (rejected) throw rejected;
      results.push({ passed: true, reason: '' });
    } catch (e) {
      if (e?.code === 'MODULE_NOT_FOUND') return send({ broken: `the tests cannot import what they need: ${e.message.split('\n')[0]}` }, 'V');
      results.push({ passed: false, reason: `${test.trim().split('\n')[0].slice(0, 80)}: ${e?.name ?? 'Error'} ${String(e?.message ?? e).split('\n')[0].slice(0, 200)}` });
    }
  }
  send({ results }, 'V');
}

// Python's json writes a space after the colon; the host waits for exactly this line.
writeSync(1, '{"ready": true}\n');
const job = receive();
Promise.resolve({ cases: runCases, module: runModule, judge: runJudge }[job.role](job)).then(() => exit(0), () => exit(1));
