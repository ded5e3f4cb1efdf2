import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const REGISTER = join(ROOT, 'dist', 'register.js');
export const PEERS = join(ROOT, 'bench', 'peers');
export const HOST_SDK = join(ROOT, 'bench', 'apps', 'host-sdk.ts');

export interface ChildOptions {
  /** Options of Node. */
  readonly node?: readonly string[];
  /** Preloaded with `--require`, in this order. */
  readonly preload?: readonly string[];
  /** Beside `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; the repository where absent. */
  readonly cwd?: string;
}

/** Runs a program of `bench/apps` in a process of its own; it is given `input` and prints its result, both JSON. */
export async function runApp<T>(app: string, input: unknown, options: ChildOptions = {}): Promise<T> {
  const printed = await runNode([join(ROOT, 'bench', 'apps', app), JSON.stringify(input)], options);
  return JSON.parse(printed) as T;
}

/**
 * Runs Node, without the variables of this process.
 * @returns what it printed
 * @throws Error with what it wrote to stderr, where it ends with another code than 0
 */
export function runNode(args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const { node = [], preload = [], env = {}, cwd = ROOT } = options;
  const required = preload.flatMap((path) => ['--require', path]);
  return runProgram(process.execPath, [...node, ...required, ...args], { env, cwd });
}

export function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd = ROOT }: Pick<ChildOptions, 'env' | 'cwd'> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${code ?? signal}:\n${errors}`));
    });
  });
}

/** The version of a package as a folder finds it. */
export function versionOf(name: string, from: string = ROOT): string {
  const require = createRequire(join(from, 'package.json'));
  const folder = require.resolve
    .paths(name)
    ?.find((path) => canRead(require, join(path, name, 'package.json')));
  if (folder === undefined) throw new Error(`${name} is not installed in ${from}`);
  return (require(join(folder, name, 'package.json')) as { version: string }).version;
}

function canRead(require: NodeJS.Require, path: string): boolean {
  try {
    require(path);
    return true;
  } catch {
    return false;
  }
}
