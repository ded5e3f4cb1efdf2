import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
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

export interface RedisServerOptions {
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
  { appendonly = false, password, args = [] }: RedisServerOptions,
): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  if (appendonly) flags.push('--appendonly', 'yes', '--appendfsync', 'always');
  if (password !== undefined) flags.push('--requirepass', password);
  const child = spawn(REDIS_BINARY ?? 'redis-server', [...flags, ...args], { stdio: 'ignore' });
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
