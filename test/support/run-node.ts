import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, REPO_ROOT } from './paths.ts';

export { NODE, NODE_22, OPENAI_VERSIONS, packagePath, REPO_ROOT, registerPath, WORKSPACES } from './paths.ts';

/** What to run. `env` is added to PATH, HOME and a state directory of the test file alone, so nothing of this machine's settings leaks in. */
export interface NodeRun {
  /** The Node to run; default: the package's own. */
  readonly node?: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; the package's if absent. */
  readonly cwd?: string;
  readonly stdin?: string;
  /** The process is killed after this time; 60 seconds if absent. */
  readonly timeoutMs?: number;
}

export interface NodeResult {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A process that runs: `child` to signal it, `stdout()` and `stderr()` so far, `result` once it ended. */
export interface RunningNode {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when stdout matches, rejects if the process ends first. */
  readonly waitForOutput: (pattern: RegExp) => Promise<void>;
  readonly result: Promise<NodeResult>;
}

/** Runs a Node process to its end. */
export function runNode(run: NodeRun): Promise<NodeResult> {
  return startNode(run).result;
}

/** Starts a Node process and returns at once. */
export function startNode(run: NodeRun): RunningNode {
  const started = performance.now();
  const child = spawn(run.node ?? NODE, run.args, {
    cwd: run.cwd ?? REPO_ROOT,
    env: { ...cleanEnv(), ...run.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // A process that ends before it read its input is not this helper's failure.
  child.stdin.on('error', () => {});
  child.stdin.end(run.stdin ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), run.timeoutMs ?? 60_000);
  const result = ended(child).then(({ code, signal }) => {
    clearTimeout(timer);
    return { code, signal, stdout: stdout(), stderr: stderr(), durationMs: performance.now() - started };
  });
  return { child, stdout, stderr, waitForOutput: outputWaiter(child, stdout, stderr), result };
}

/** What processes of a test keep on this machine, until the test file has run. */
const STATE_HOME = join(tmpdir(), `otel-token-budget-state-${process.pid}`);
process.on('exit', () => rmSync(STATE_HOME, { recursive: true, force: true }));

function cleanEnv(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', XDG_STATE_HOME: STATE_HOME };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode };
}

function outputWaiter(child: ChildProcess, stdout: () => string, stderr: () => string) {
  return (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (pattern.test(stdout())) resolve();
      };
      child.stdout?.on('data', look);
      child.on('close', () => {
        look();
        reject(new Error(`ended without ${pattern}\n${stdout()}\n${stderr()}`));
      });
      look();
    });
}
