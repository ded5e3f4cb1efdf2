import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPO_ROOT } from './paths.ts';

export type ProgramName =
  | 'otelcol'
  | 'jaeger'
  | 'prometheus'
  | 'promtool'
  | 'victoria-logs'
  | 'docker-compose';

/** How long a program may take to be ready; the machine may be busy. */
const READY_MS = 60_000;

/** Where scripts/install-pipeline.sh links a program. */
export function programPath(name: ProgramName): string {
  return join(REPO_ROOT, '.cache', 'pipeline', name);
}

/** For the option of tests that need programs: false, or why they are skipped. */
export function skipWithout(...names: readonly ProgramName[]): string | false {
  const missing = names.filter((name) => !existsSync(programPath(name)));
  return missing.length > 0 && `${missing.join(', ')} missing: scripts/install-pipeline.sh builds them`;
}

/** A program to start. Ports are chosen anew where it does not come up, since another may have taken them meanwhile. */
export interface Program {
  readonly name: ProgramName;
  /** How many ports it listens on. */
  readonly ports: number;
  readonly args: (ports: readonly number[]) => readonly string[];
  readonly env?: (ports: readonly number[]) => Readonly<Record<string, string>>;
  /** Answers with status 200 once the program is ready. */
  readonly ready: (ports: readonly number[]) => string;
  /** Ports to use instead of free ones. */
  readonly fixed?: readonly number[];
}

export interface Running {
  readonly ports: readonly number[];
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly output: () => string;
  /** Ends it and waits until it has ended. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** Starts a program and waits until it is ready. */
export async function startProgram(program: Program): Promise<Running> {
  let problem: unknown;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      return await startOnce(program, program.fixed ?? (await freePorts(program.ports)));
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

async function startOnce(program: Program, ports: readonly number[]): Promise<Running> {
  const child = spawn(programPath(program.name), program.args(ports), {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...program.env?.(ports) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const output = (): string => Buffer.concat(chunks).toString('utf8');
  const ended = once(child, 'close');
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!isOver()) child.kill(signal);
    await ended;
  };
  const deadline = performance.now() + READY_MS;
  while (!(await answers(program.ready(ports)))) {
    if (isOver() || performance.now() > deadline) {
      await stop('SIGKILL');
      throw new Error(`${program.name} is not ready:\n${output().slice(-4_000)}`);
    }
    await sleep(50);
  }
  return { ports, child, output, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** Ports of the loopback that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
