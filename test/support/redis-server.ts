import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
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

/** Whether a server's clock can be set, which takes a C compiler. */
export const CAN_SET_CLOCK = spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0;

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
  const env = clock ? { ...process.env, ...makeClock(directory) } : process.env;
  const child = spawn(REDIS_BINARY ?? 'redis-server', [...flags, ...args], { stdio: 'ignore', env });
  for (let tries = 0; tries < 750; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`);
    try {
      await commandAt(url, ['PING']);
      return child;
    } catch {
      await sleep(20);
    }
  }
  child.kill('SIGKILL');
  throw new Error('redis-server did not start within 15 seconds');
}

/** Adds to what the clock shows; libfaketime does not get on with the server's allocator. */
const SHIM = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t *ahead;
__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("CLOCK_AHEAD_MS"), O_RDONLY);
  void *map = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) ahead = map;
}
int clock_gettime(clockid_t id, struct timespec *time) {
  int result = syscall(SYS_clock_gettime, id, time);
  if (id != CLOCK_REALTIME || !ahead) return result;
  int64_t nanos = time->tv_nsec + *ahead % 1000 * 1000000;
  time->tv_sec += *ahead / 1000 + nanos / 1000000000;
  time->tv_nsec = nanos % 1000000000;
  return result;
}
int gettimeofday(struct timeval *time, void *zone) {
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}
`;

/** The environment in which the server goes by a clock that {@link setClock} sets. */
function makeClock(directory: string): Record<string, string> {
  const library = join(directory, 'clock.so');
  setClock(directory, 0);
  const args = ['-shared', '-fPIC', '-O1', '-xc', '-o', library, '-'];
  const { status, stderr } = spawnSync('cc', args, { input: SHIM, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { LD_PRELOAD: library, CLOCK_AHEAD_MS: join(directory, 'clock') };
}

function setClock(directory: string, aheadMs: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(aheadMs));
  // In place: the server has the file mapped.
  const file = openSync(join(directory, 'clock'), constants.O_RDWR | constants.O_CREAT);
  writeSync(file, bytes, 0, 8, 0);
  closeSync(file);
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
