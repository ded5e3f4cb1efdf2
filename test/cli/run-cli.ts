import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after } from 'node:test';
import { NODE, REPO_ROOT } from '../support/paths.ts';
import { type NodeResult, type NodeRun, type RunningNode, runNode, startNode } from '../support/run-node.ts';

export const MAIN = join(REPO_ROOT, 'dist', 'cli', 'main.js');

type CommandRun = Omit<NodeRun, 'args'>;

/** Runs the built command to its end. `node` on its path is the package's own. */
export function command(args: readonly string[], run: CommandRun = {}): Promise<NodeResult> {
  return runNode(toRun(args, run));
}

/** Starts the built command and returns at once. */
export function startCommand(args: readonly string[], run: CommandRun = {}): RunningNode {
  return startNode(toRun(args, run));
}

function toRun(args: readonly string[], run: CommandRun): NodeRun {
  const path = `${dirname(NODE)}${delimiter}${process.env['PATH'] ?? ''}`;
  return { ...run, args: [MAIN, ...args], env: { PATH: path, ...run.env } };
}

/** A temporary directory, removed after the tests of a file. */
export function testDirectory(): {
  readonly path: string;
  readonly write: (name: string, text: string) => string;
} {
  const path = mkdtempSync(join(tmpdir(), 'otel token budget cli-'));
  after(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return {
    path,
    write: (name, text) => {
      const to = join(path, name);
      writeFileSync(to, text);
      return to;
    },
  };
}
