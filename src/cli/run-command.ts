import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, loadConfig } from '../config/index.ts';
import { openLedger } from '../stores/index.ts';
import { entryModuleUrl } from '../util/index.ts';
import { type BudgetView, readBudgetViews } from './budgets/index.ts';
import { EXIT, UsageError } from './exit.ts';
import { describeNodeProblem } from './node-version.ts';
import { absoluteStoreUrl } from './store-option.ts';
import { count, countCalls, escapeControl, formatCost, formatLimit, formatLimitAmount } from './style.ts';

/** The options of `run`, as given. */
export interface RunCommandOptions {
  readonly usd?: string;
  readonly tokens?: string;
  readonly calls?: string;
  readonly minutes?: string;
  readonly mode?: string;
  readonly name?: string;
  readonly store?: string;
  readonly config?: string;
  readonly quiet?: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The variable that each option sets. */
const VARIABLES = {
  usd: 'TOKEN_BUDGET_USD',
  tokens: 'TOKEN_BUDGET_TOKENS',
  calls: 'TOKEN_BUDGET_CALLS',
  minutes: 'TOKEN_BUDGET_MINUTES',
  mode: 'TOKEN_BUDGET_MODE',
  name: 'TOKEN_BUDGET_NAME',
  store: 'TOKEN_BUDGET_STORE',
  config: 'TOKEN_BUDGET_CONFIG',
} as const;

/** Signals that are passed on to the program. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

/** How long the ledger may take to say what was spent, milliseconds. */
const PATIENCE_MS = 2_000;

/**
 * Runs a command with the budget preloaded into every Node process of it, and ends as it ends: with its exit code, or by its signal.
 * @throws UsageError where an option is wrong; the command was not started then
 * @throws ConfigError where the environment or the settings file is
 */
export async function runCommand(command: readonly string[], options: RunCommandOptions): Promise<void> {
  const problem = describeNodeProblem(process.versions.node);
  if (problem !== undefined) throw new UsageError(problem);
  const given = variablesOf(options);
  const env = { ...process.env, ...given };
  const { store, warnings } = checked(env, options);
  for (const warning of warnings) process.stderr.write(`token-budget: ${warning}\n`);
  const ledger = sharedStore(env, store);
  try {
    const child = start(command, { ...env, ...withPreload(env), TOKEN_BUDGET_STORE: ledger.setting });
    const ended = await endOf(child, command[0] ?? '');
    if (options.quiet !== true) await say(ledger.setting);
    ledger.remove();
    finish(ended);
  } finally {
    ledger.remove();
  }
}

function variablesOf(options: RunCommandOptions): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [option, variable] of Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][]) {
    const value = options[option];
    if (value === undefined) continue;
    if (value.trim() === '') throw new UsageError(`--${option}: given nothing; taken is a value.`);
    variables[variable] =
      option === 'config' ? resolve(value) : option === 'store' ? absoluteStoreUrl(value) : value;
  }
  return variables;
}

/** The settings that the program will have; a wrong one is told by the name that it was given by. */
function checked(env: Env, options: RunCommandOptions): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const [option, variable] of Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][]) {
      if (options[option] === undefined || !error.message.startsWith(`${variable}:`)) continue;
      throw new UsageError(error.message.replace(variable, `--${option}`));
    }
    throw error;
  }
}

/** The preload, after what NODE_OPTIONS has already: a host's own preloads come first. */
function withPreload(env: Env): { NODE_OPTIONS: string } {
  // As a URL it has no spaces, which would need quotes in there.
  const register = entryModuleUrl('register').href;
  return { NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --import=${register}`.trim() };
}

interface SharedStore {
  readonly setting: string;
  readonly remove: () => void;
}

/**
 * Where the processes of the command share their budget. With no store set that is a ledger of the run's own: else each
 * process would have the whole budget for itself.
 */
function sharedStore(env: Env, store: string): SharedStore {
  if (store !== 'memory' || isMemoryGiven(env)) return { setting: store, remove: () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'token-budget-run-'));
  return {
    setting: `sqlite:${join(directory, 'ledger.db')}`,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function isMemoryGiven(env: Env): boolean {
  if (env['TOKEN_BUDGET_STORE']?.trim() === 'memory') return true;
  const config = env['TOKEN_BUDGET_CONFIG']?.trim();
  if (config === undefined || config === '') return false;
  const settings = JSON.parse(readFileSync(config, 'utf8').replace(/^\uFEFF/, '')) as { store?: unknown };
  return settings.store === 'memory';
}

function start([command = '', ...args]: readonly string[], env: Env): ChildProcess {
  return spawn(command, args, { stdio: 'inherit', env: { ...env } });
}

interface Ended {
  readonly code: number;
  readonly signal?: NodeJS.Signals;
}

/** Waits for the command, and passes signals on to it meanwhile. */
function endOf(child: ChildProcess, command: string): Promise<Ended> {
  // A terminal sends Ctrl-C to the command as well; twice would be once more than the user pressed.
  const fromTerminal = process.stdin.isTTY === true;
  const passed = new Map(
    SIGNALS.map((signal) => [
      signal,
      () => {
        if (!(fromTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) child.kill(signal);
      },
    ]),
  );
  for (const [signal, pass] of passed) process.on(signal, pass);
  return new Promise((done) => {
    const end = (ended: Ended): void => {
      for (const [signal, pass] of passed) process.off(signal, pass);
      done(ended);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'there is no such command' : error.message;
      process.stderr.write(`token-budget: ${command} cannot be run: ${why}\n`);
      end({ code: error.code === 'ENOENT' ? EXIT.notFound : EXIT.notRunnable });
    });
    child.on('exit', (code, signal) =>
      end(signal === null ? { code: code ?? EXIT.failed } : { code: 128, signal }),
    );
  });
}

/** Ends this process as the command ended. */
function finish({ code, signal }: Ended): void {
  process.exitCode = signal === undefined ? code : 128 + (constants.signals[signal] ?? 0);
  if (signal !== undefined) process.kill(process.pid, signal);
}

/** One line on stderr for each budget: what was spent. */
async function say(store: string): Promise<void> {
  if (store === 'memory') return;
  try {
    const ledger = openLedger(store, PATIENCE_MS);
    try {
      for (const view of await readBudgetViews(ledger))
        process.stderr.write(`token-budget: ${summary(view)}\n`);
    } finally {
      await ledger.close();
    }
  } catch {
    // The ledger was never made, as no Node process ran, or is away: the command's own end is what counts.
  }
}

function summary({ name, settled, limits, open }: BudgetView): string {
  const spent = `"${escapeControl(name)}" has spent ${formatCost(settled.costUsd)}, ${count(settled.tokens)} tokens in ${countCalls(settled.calls)}`;
  const left = limits.map(
    ({ limit, value, left: rest }) =>
      `${formatLimitAmount(limit, rest, value)} of ${formatLimit(limit, value)}`,
  );
  const held = open === 0 ? '' : `; ${open === 1 ? '1 call is' : `${open} calls are`} open`;
  return `${spent}${left.length === 0 ? '' : `; left ${left.join(', ')}`}${held}`;
}
