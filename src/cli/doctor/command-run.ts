import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiagnosisRequest, ProcessReport } from '../../process/index.ts';
import { INTERNAL_VARIABLES } from '../../util/index.ts';
import { addPreload } from '../preload-options.ts';
import type { Environment } from '../store-option.ts';
import { startProbeServer } from './probe-server.ts';

/** How long the command may take to end after SIGTERM, milliseconds. */
const END_TIMEOUT_MS = 5_000;

/** The signals that end the command early, and this process only once it has reported. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How a command of the user ran under the preload. */
export interface CommandRun {
  /** Why it could not be started; absent if it was. */
  readonly startError?: NodeJS.ErrnoException;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** The signal by which doctor ended it, when its time was over; absent if it ended by itself. */
  readonly endedWith?: 'SIGTERM' | 'SIGKILL';
  /** What its Node processes found, in the order of their ids. */
  readonly reports: readonly ProcessReport[];
}

/**
 * Starts a command with the preload, as `run` does, and has its processes report what they load and make a probe call
 * to a server of this process. Ends it after a time. Its output goes to stderr.
 */
export async function runForReports(
  [command = '', ...args]: readonly string[],
  env: Environment,
  waitMs: number,
): Promise<CommandRun> {
  const server = await startProbeServer();
  const directory = mkdtempSync(join(tmpdir(), 'token-budget-doctor-'));
  const request: DiagnosisRequest = { directory, probeUrl: server.url };
  const started = performance.now();
  try {
    const child = spawn(command, args, {
      stdio: ['inherit', 2, 2],
      env: { ...env, ...addPreload(env), [INTERNAL_VARIABLES.doctor]: JSON.stringify(request) },
    });
    const end = await waitForEnd(child, waitMs, () => readReports(directory));
    const durationMs = performance.now() - started;
    return { ...end, durationMs, reports: readReports(directory) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
    server.close();
  }
}

type End = Pick<CommandRun, 'startError' | 'code' | 'signal' | 'endedWith'>;

async function waitForEnd(
  child: ChildProcess,
  waitMs: number,
  reports: () => readonly ProcessReport[],
): Promise<End> {
  const ended = once(child, 'exit').then(
    () => ({ code: child.exitCode, signal: child.signalCode }),
    (startError: NodeJS.ErrnoException) => ({ startError, code: null, signal: null }),
  );
  const inTime = await withinTimeOrSignal(ended, waitMs);
  if (inTime !== undefined) return inTime;
  // Shells do not pass signals on to what they started.
  const endAll = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    for (const { pid, hasEnded } of reports()) if (!hasEnded) sendSignal(pid, signal);
    child.kill(signal);
  };
  endAll('SIGTERM');
  const afterTerm = await within(ended, END_TIMEOUT_MS);
  if (afterTerm !== undefined) return { ...afterTerm, endedWith: 'SIGTERM' };
  endAll('SIGKILL');
  return { ...(await ended), endedWith: 'SIGKILL' };
}

/** Returns a result if it is there in time, and before a signal ends this process, which is then held back once. */
async function withinTimeOrSignal<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of ENDING_SIGNALS) process.once(signal, onSignal);
  try {
    return await within(work, ms, stop.signal);
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
  }
}

/** Returns a result if it is there in time, and before `stop`. */
async function within<T>(work: Promise<T>, ms: number, stop?: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const signal = stop === undefined ? done.signal : AbortSignal.any([done.signal, stop]);
  const time = sleep(ms, undefined, { signal }).catch(() => undefined);
  try {
    return await Promise.race([work, time]);
  } finally {
    done.abort();
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since.
  }
}

function readReports(directory: string): ProcessReport[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as ProcessReport)
    .sort((one, other) => one.pid - other.pid || one.threadId - other.threadId);
}
