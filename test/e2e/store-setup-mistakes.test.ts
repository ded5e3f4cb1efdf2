import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { REPO_ROOT, registerPath } from '../support/paths.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { runScript, type ScriptResult, type ScriptRun } from '../support/script-run.ts';

/** Both failure policies, whether or not the budget is strict. */
const POLICIES = [
  { mode: 'soft', failurePolicy: 'open' },
  { mode: 'strict', failurePolicy: 'open' },
  { mode: 'strict', failurePolicy: 'closed' },
] as const;

/** Three calls at once and one more, and what became of each. */
const CALLS = `
const one = () => client.chat.completions.create({ ...CHAT, max_tokens: 50 }, replay('chat-plain')).then(() => 'sent', (error) => error.code);
print(await Promise.all([one(), one(), one()]));
print(await one());`;

/** Makes root another user, who may read the application. */
const BECOME_NOBODY = `
  import { chmodSync } from 'node:fs';
  chmodSync(process.cwd(), 0o755);
  process.setgid(65534);
  process.setuid(65534);`;

/** A mistake in the set-up of a store. */
interface Mistake {
  /** The URL of the store, once the servers run. */
  readonly store: () => string;
  /** What the line has to say. */
  readonly says: RegExp;
  /** Code that the process runs before the preload. */
  readonly first?: string;
  /** The preload, if not that of the package. */
  readonly register?: () => string;
  readonly skip?: false | string;
}

const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-setup-'));
chmodSync(directory, 0o755);
after(() => rmSync(directory, { recursive: true, force: true }));

function run(mistake: Omit<Mistake, 'says'>, more: Partial<ScriptRun> = {}): Promise<ScriptResult> {
  const { store, first, register = () => registerPath } = mistake;
  const before = first === undefined ? [] : [`data:text/javascript,${encodeURIComponent(first)}`];
  return runScript({
    script: CALLS,
    ...more,
    args: [...before, pathToFileURL(register()).href].flatMap((url) => ['--import', url]),
    env: { TOKEN_BUDGET_STORE: store(), OTEL_SDK_DISABLED: 'true', ...more.env },
  });
}

/** Checks that each mistake ends the process with one line and exit code 78, and no call is sent. */
function endTheProcess(mistakes: Readonly<Record<string, Mistake>>): void {
  for (const [index, [what, { says, skip = false, ...mistake }]] of Object.entries(mistakes).entries()) {
    // It makes no difference, so that each has its turn.
    for (const policy of POLICIES.filter((_, turn) => turn === index % POLICIES.length)) {
      test(`${what}: ${policy.mode}, ${policy.failurePolicy}`, { skip }, async () => {
        const config = { limits: { costUsd: 1 }, storeWaitMs: 5_000, ...policy };
        const { code, stderr, printed, server } = await run(mistake, { config });
        assert.match(stderr, /^otel-token-budget: TOKEN_BUDGET_STORE: got "[^"]+", expected [^\n]+\n$/);
        assert.match(stderr, says);
        assert.doesNotMatch(stderr, /secret/);
        assert.deepEqual([code, printed, server.account.length], [78, [], 0]);
      });
    }
  }
}

describe('an SQLite file that cannot be used ends the process with 78', { concurrency: 2 }, () => {
  const path = (name: string): string => join(directory, name);
  const sqlite = (name: string) => (): string => `sqlite:${path(name)}`;
  const isRoot = process.getuid?.() === 0;
  // Root may write everything, so it becomes another user that may read the application.
  const asUser = isRoot ? { first: BECOME_NOBODY } : {};

  before(() => {
    mkdirSync(path('a-directory'));
    writeFileSync(path('a-file'), '');
    writeFileSync(path('text.db'), 'this is not a ledger\n'.repeat(500));
    new DatabaseSync(path('other.db')).exec('CREATE TABLE t (a)');
    writeFileSync(path('corrupt.db'), corrupted(readFileSync(path('other.db'))));
    writeFileSync(path('read-only.db'), '');
    chmodSync(path('read-only.db'), 0o444);
    writeFileSync(path('unreadable.db'), '');
    chmodSync(path('unreadable.db'), 0o000);
    mkdirSync(path('unwritable'), 0o555);
    mkdirSync(path('closed'), 0o000);
  });
  after(() => chmodSync(path('closed'), 0o755));

  endTheProcess({
    'no directory': {
      store: sqlite('none/x.db'),
      says: /expected a file in an existing directory.*no directory .*none/,
    },
    'a file as directory': { store: sqlite('a-file/x.db'), says: /expected a file in an existing directory/ },
    'a directory in its place': {
      store: sqlite('a-directory'),
      says: /expected the path of a file.*is a directory/,
    },
    'no database': {
      store: sqlite('text.db'),
      says: /expected an SQLite file of this package.*is damaged, or not an SQLite/,
    },
    'a database of another program': { store: sqlite('other.db'), says: /database of another program/ },
    'a corrupt database': { store: sqlite('corrupt.db'), says: /expected an SQLite file of this package/ },
    'a read-only file': {
      ...asUser,
      store: sqlite('read-only.db'),
      says: /expected a file that this user can read and write/,
    },
    'an unreadable file': {
      ...asUser,
      store: sqlite('unreadable.db'),
      says: /expected a file that this user can read/,
    },
    'an unwritable directory': {
      ...asUser,
      store: sqlite('unwritable/x.db'),
      says: /a directory that this user can write/,
    },
    'a closed directory': {
      ...asUser,
      store: sqlite('closed/x.db'),
      says: /expected a file that this user can read/,
    },
  });

  test('before the program runs, also if it makes no call', async () => {
    const { code, stdout, stderr } = await run({ store: sqlite('text.db') }, { script: 'print("ran");' });
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, /not an SQLite file/);
  });

  test('and the line names the entry of a settings file', async () => {
    const config = { store: `sqlite:${path('none/x.db')}`, limits: { costUsd: 1 } };
    const { code, stderr } = await run({ store: () => '' }, { config });
    assert.equal(code, 78);
    assert.match(
      stderr,
      /^otel-token-budget: \S+budget\.json: store: got "sqlite:.*none\/x\.db", expected /m,
    );
  });
});

/** A database whose first page is cut. */
function corrupted(database: Buffer): Buffer {
  return Buffer.concat([database.subarray(0, 100), Buffer.alloc(database.length - 100, 0xff)]);
}

/** A name that the resolver does not know, or cannot look up. */
const resolver = (code: string): string =>
  `import dns from 'node:dns';
  dns.lookup = (host, options, callback) => callback(Object.assign(new Error('getaddrinfo ${code} ' + host), { code: '${code}' }));`;

const OPENSSL_MISSING =
  spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0 ? false : 'openssl is not installed';

describe('a Redis that cannot be used ends the process with 78', {
  concurrency: 2,
  skip: REDIS_MISSING,
}, () => {
  let redis: RedisServer;
  let locked: RedisServer;
  let replica: RedisServer;
  const servers: Server[] = [];
  const ports = { http: 0, old: 0, tls: 0 };
  const at =
    (which: () => number, auth = '', scheme = 'redis') =>
    (): string =>
      `${scheme}://${auth}127.0.0.1:${which()}`;
  const open = (): number => redis.port;

  before(async () => {
    redis = await startRedisServer();
    locked = await startRedisServer({ password: 'right' });
    replica = await startRedisServer({ args: ['--replicaof', '127.0.0.1', String(redis.port)] });
    await redis.command('ACL', 'SETUSER', 'noscript', 'on', '>secret', '~*', '+@all', '-@scripting');
    await redis.command('ACL', 'SETUSER', 'nokeys', 'on', '>secret', '~other:*', '+@all');
    await redis.command('ACL', 'SETUSER', 'nowrite', 'on', '>secret', '~*', '+@all', '-hset', '-hincrby');
    ports.http = await start(createServer((_, response) => response.end()));
    ports.old = await start(oldRedis());
    if (OPENSSL_MISSING === false) ports.tls = await start(createTlsServer(selfSigned(), () => {}));
  });
  after(async () => {
    for (const server of servers) server.close();
    await Promise.all([redis.close(), locked.close(), replica.close()]);
  });

  async function start(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  endTheProcess({
    'a URL without a port that exists': {
      store: () => 'redis://:secret@127.0.0.1:99999',
      says: /expected a URL such as redis:/,
    },
    'a database that is not a number': {
      store: () => `${at(open)()}/x`,
      says: /not the number of a database/,
    },
    'the package is not installed': {
      store: at(open),
      register: withoutRedis,
      says: /expected the package "redis" beside this one.*npm install redis/,
    },
    'a host name that does not exist': {
      store: () => 'redis://:secret@redis.test:6379',
      first: resolver('ENOTFOUND'),
      says: /got "redis:\/\/\*\*\*@redis\.test:6379", expected the name of a host that exists.*ENOTFOUND/,
    },
    'a wrong password': {
      store: at(() => locked.port, ':secret@'),
      says: /expected a URL with the user and the password.*WRONGPASS/,
    },
    'no password': {
      store: at(() => locked.port),
      says: /expected a URL with the user and the password.*NOAUTH/,
    },
    'a password that is not needed': {
      store: at(open, ':secret@'),
      says: /expected a URL with the user and the password/,
    },
    'an ACL without scripts': {
      store: at(open, 'noscript:secret@'),
      says: /expected a user that may run.*NOPERM/,
    },
    'an ACL without the keys': {
      store: at(open, 'nokeys:secret@'),
      says: /expected a user that may run.*NOPERM/,
    },
    'an ACL without a command of the scripts': {
      store: at(open, 'nowrite:secret@'),
      says: /expected a user that may run/,
    },
    'a database number out of range': {
      store: () => `${at(open)()}/99`,
      says: /expected the number of a database that the server has/,
    },
    'TLS to a plain port': { store: at(open, '', 'rediss'), says: /expected redis:\/\/.*does not speak TLS/ },
    'plain text to a TLS port': {
      store: at(() => ports.tls),
      says: /expected rediss:\/\//,
      skip: OPENSSL_MISSING,
    },
    'a certificate that is not trusted': {
      store: at(() => ports.tls, '', 'rediss'),
      says: /expected a server whose certificate this process trusts/,
      skip: OPENSSL_MISSING,
    },
    'a replica': { store: at(() => replica.port), says: /expected the URL of a primary.*READONLY/ },
    'a Redis that is too old': {
      store: at(() => ports.old),
      says: /expected a Redis server of version 7 or later/,
    },
    'an HTTP server': { store: at(() => ports.http), says: /expected a Redis server of version 7 or later/ },
  });

  test('from a worker thread, as from the main thread', async () => {
    const { code, stderr, server } = await run(
      { store: at(open, 'noscript:secret@') },
      {
        files: { 'worker.mjs': WORKER },
        script: `
          const { Worker } = await import('node:worker_threads');
          new Worker(new URL('./worker.mjs', import.meta.url));
          setInterval(() => {}, 1_000);`,
      },
    );
    assert.match(stderr, /TOKEN_BUDGET_STORE: got .*NOPERM/);
    assert.deepEqual([code, server.account.length], [78, 0]);
  });

  test('but the password may change under a process: that is an outage', async () => {
    const { printed, stderr, code } = await run(
      { store: at(() => locked.port, ':right@') },
      {
        config: { limits: { costUsd: 1 }, localQuota: false, storeWaitMs: 500 },
        script: `
          const { createClient } = await import('redis');
          const admin = createClient({ url: process.env.TOKEN_BUDGET_STORE });
          await admin.connect();
          const one = () => client.chat.completions.create({ ...CHAT, max_tokens: 50 }, replay('chat-plain')).then(() => 'sent', (error) => error.code);
          print(await one());
          await admin.sendCommand(['CONFIG', 'SET', 'requirepass', 'other']);
          await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
          print(await one());
          await admin.sendCommand(['CONFIG', 'SET', 'requirepass', 'right']);
          for (let tries = 0; tries < 100 && (await one()) !== 'sent'; tries += 1) await new Promise((done) => setTimeout(done, 50));
          admin.destroy();`,
      },
    );
    assert.deepEqual([code, printed], [0, ['sent', 'token_budget_store_unavailable']]);
    assert.match(
      stderr,
      /^otel-token-budget: the store is unavailable \(.*WRONGPASS.*\): calls that need it are denied/m,
    );
    assert.match(stderr, /^otel-token-budget: the store is available again, and limits are enforced$/m);
  });
});

describe('an outage at the start', { concurrency: 2 }, () => {
  const cases = {
    'connection refused': { store: () => 'redis://127.0.0.1:1', says: /ECONNREFUSED/ },
    'the resolver does not answer': {
      store: () => 'redis://redis.test:6379',
      first: resolver('EAI_AGAIN'),
      says: /EAI_AGAIN/,
    },
  };
  for (const [what, { says, ...outage }] of Object.entries(cases)) {
    for (const policy of POLICIES) {
      test(`prints one line at once: ${what}, ${policy.mode}, ${policy.failurePolicy}`, async () => {
        const config = { limits: { costUsd: 1 }, storeWaitMs: 500, ...policy };
        const { code, stderr, printed, server } = await run(outage, { config });
        const outcome = policy.failurePolicy === 'open' ? 'sent' : 'token_budget_store_unavailable';
        assert.match(stderr, /^otel-token-budget: the store is unavailable \([^\n]+\): calls [^\n]+\n$/);
        assert.match(stderr, says);
        assert.deepEqual([code, printed], [0, [[outcome, outcome, outcome], outcome]]);
        assert.equal(server.account.length, policy.failurePolicy === 'open' ? 4 : 0);
      });
    }
  }
});

const WORKER = `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
await client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } });`;

/** Answers every script as Redis 6 does. */
function oldRedis(): Server {
  const answer =
    '-ERR Error running script (call to f_1): @user_script: 1: Unknown Redis command called from Lua script\r\n';
  return createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const _ of data.toString('latin1').matchAll(/^\*\d+\r$/gm)) socket.write(answer);
    });
  });
}

function selfSigned(): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const { status, stderr } = spawnSync('openssl', [...args, '-keyout', key, '-out', cert], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** The preload of a copy of the package, beside which `redis` is not installed. */
function withoutRedis(): string {
  const root = join(directory, 'without-redis');
  const modules = join(root, 'node_modules');
  const copy = join(modules, 'otel-token-budget');
  if (!readdirSync(directory).includes('without-redis')) {
    mkdirSync(copy, { recursive: true });
    cpSync(join(REPO_ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(REPO_ROOT, 'package.json'), join(copy, 'package.json'));
    for (const name of readdirSync(join(REPO_ROOT, 'node_modules'))) {
      if (!name.startsWith('.') && name !== 'redis')
        symlinkSync(join(REPO_ROOT, 'node_modules', name), join(modules, name));
    }
  }
  return join(copy, 'dist', 'register.js');
}
