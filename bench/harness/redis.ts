import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from 'redis';
import { withScratch } from './scratch.ts';

/** A Redis of the benchmark's own, without persistence. */
export interface RedisAt {
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** How many scripts it has run so far. */
  readonly scripts: () => Promise<number>;
  /** What its data takes, bytes. */
  readonly memory: () => Promise<number>;
}

/** Runs `use` with a server that is stopped after it; without one where none is installed. */
export async function withRedis<T>(use: (redis: RedisAt | undefined) => Promise<T>): Promise<T> {
  const binary = ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (binary === undefined) return use(undefined);
  return withScratch(async (directory) => {
    const port = await freePort();
    const server = spawn(
      binary,
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory],
      { stdio: 'ignore' },
    );
    try {
      const url = `redis://127.0.0.1:${port}`;
      const info = await infoAt(url);
      return await use({
        url,
        port,
        version: versionOf(info),
        scripts: async () => scriptsOf(await infoAt(url)),
        memory: async () => Number(/used_memory:(\d+)/.exec(await infoAt(url))?.[1]),
      });
    } finally {
      await stop(server);
    }
  });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

/** What the server tells of itself; waits for it to answer. */
async function infoAt(url: string): Promise<string> {
  const client = createClient({ url, socket: { reconnectStrategy: 50, connectTimeout: 1_000 } });
  client.on('error', () => undefined);
  await client.connect();
  const info = String(await client.info('everything'));
  await client.close();
  return info;
}

function versionOf(info: string): string {
  const name = /server_name:(\w+)/.exec(info)?.[1] ?? 'redis';
  return `${name} ${new RegExp(`${name}_version:([\\d.]+)`).exec(info)?.[1] ?? ''}`;
}

/** Scripts that ran, not the commands in them: one that the server did not have yet failed, and was sent whole after that. */
function scriptsOf(info: string): number {
  const stats = [...info.matchAll(/cmdstat_(?:evalsha|eval):calls=(\d+).*failed_calls=(\d+)/g)];
  return stats.reduce((sum, [, calls, failed]) => sum + Number(calls) - Number(failed), 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
