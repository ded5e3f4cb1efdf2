import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';

/** The server's program: Redis or Valkey; undefined where none is installed. */
export const REDIS_BINARY = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Says why tests of Redis are skipped; false: they are not. */
export const REDIS_MISSING =
  REDIS_BINARY === undefined
    ? 'redis-server and valkey-server are not installed: apt-get install redis-server'
    : false;

/** Sets the clock of one process: Debian's package `faketime`. */
const FAKETIME = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`,
  '/usr/lib/faketime/libfaketime.so.1',
].find((path) => existsSync(path));

/** Whether a server's clock can be set; where not, `apt-get install faketime`. */
export const CAN_SET_CLOCK = FAKETIME !== undefined;

export interface RedisServerOptions {
  /** Lets `setClock` set the server's clock, where {@link CAN_SET_CLOCK}. */
  readonly clock?: boolean;
  /** Writes each change to disk before it answers, so that a restart finds everything. */
  readonly appendonly?: boolean;
  readonly password?: string;
  /** Further options, as on the command line: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
}

/** A server of one test, on a free port of 127.0.0.1, with its data in a directory that goes with it. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Sends one command on a connection of its own. */
  readonly command: (...args: string[]) => Promise<unknown>;
  /** Lets its clock show so much more than ours, milliseconds. */
  readonly setClock: (aheadMs: number) => void;
  /** Kills it as `kill -9` does. */
  readonly kill: () => Promise<void>;
  /** Stops it where it stands, as a host that hangs does; `SIGCONT` lets it go on. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Starts it again after a kill, with what it had on disk, or without. */
  readonly restart: (options?: { readonly withData?: boolean }) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const auth = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const url = `redis://${auth}127.0.0.1:${port}`;
  let directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-redis-'));
  let child = await start(port, directory, url, options);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    url,
    command: (...args) => commandAt(url, args),
    setClock: (aheadMs) => setClock(directory, aheadMs),
    kill,
    signal: (signal) => void child.kill(signal),
    restart: async ({ withData = true } = {}) => {
      await kill();
      if (!withData) {
        rmSync(directory, { recursive: true, force: true });
        directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-redis-'));
      }
      child = await start(port, directory, url, options);
    },
    close: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function start(
  port: number,
  directory: string,
  url: string,
  { appendonly = false, password, args = [], clock = false }: RedisServerOptions,
): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  if (appendonly) flags.push('--appendonly', 'yes', '--appendfsync', 'always');
  if (password !== undefined) flags.push('--requirepass', password);
  if (clock) setClock(directory, 0);
  const env = clock ? { ...process.env, ...clockEnv(directory) } : process.env;
  const child = spawn(REDIS_BINARY ?? 'redis-server', [...flags, ...args], { stdio: 'ignore', env });
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`);
    try {
      await commandAt(url, ['PING']);
      return child;
    } catch {
      await sleep(20);
    }
  }
  child.kill('SIGKILL');
  throw new Error('redis-server did not start within 4 seconds');
}

function clockFile(directory: string): string {
  return join(directory, 'clock');
}

function setClock(directory: string, aheadMs: number): void {
  writeFileSync(clockFile(directory), `+${(aheadMs / 1_000).toFixed(3)}\n`);
}

function clockEnv(directory: string): Record<string, string> {
  return {
    ...(FAKETIME === undefined ? {} : { LD_PRELOAD: FAKETIME }),
    FAKETIME_TIMESTAMP_FILE: clockFile(directory),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

async function commandAt(url: string, args: readonly string[]): Promise<unknown> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand([...args]);
  } finally {
    client.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  return port;
}
