import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StoreSetupError } from '../budget/index.ts';
import { ConfigError, loadConfig, storeSettingName } from '../config/index.ts';
import { checkStore, describeSetupError, tryParseStoreUrl } from '../stores/index.ts';
import { describeNodeProblem, INTERNAL_VARIABLES, MANIFEST } from '../util/index.ts';
import { EXIT, UsageError } from './exit.ts';
import { printError } from './output.ts';
import { addPreload } from './preload-options.ts';
import { printSummary } from './run-summary.ts';
import { absoluteStoreUrl, type Environment } from './store-option.ts';

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

/** The environment variable that each option sets. */
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

/** The signals that are forwarded to the command. */
const FORWARDED_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
] as const;

/**
 * Runs a command with the budget preloaded into each of its Node processes, and ends as the command does:
 * with its exit code, or by its signal.
 * @throws UsageError if an option is wrong; the command is not started
 * @throws ConfigError if the environment or the settings file is wrong, or the store evidently cannot be used
 */
export async function runCommand(command: readonly string[], options: RunCommandOptions): Promise<void> {
  const problem = describeNodeProblem(process.versions, MANIFEST.engines.node);
  if (problem !== undefined) throw new UsageError(problem);
  const env = { ...process.env, ...toVariables(options) };
  const { store, warnings } = checkConfig(env, options);
  for (const warning of warnings) printError(warning);
  checkRunStore(env, store, options);
  const directory = mkdtempSync(join(tmpdir(), 'token-budget-run-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const setting = chooseRunStore(env, store, directory);
    const hasLedger = (): boolean => isLedgerThere(setting);
    const hadLedger = hasLedger();
    const seen = clientSeenFile(env, directory);
    const child = startCommand(command, {
      ...env,
      ...addPreload(env),
      ...ownSummary(env),
      TOKEN_BUDGET_STORE: setting,
      [INTERNAL_VARIABLES.clientSeen]: seen.file,
    });
    const exit = await waitForExit(child, command[0] ?? '');
    const isClientSeen = seen.look();
    if (options.quiet !== true) await printSummary(setting, { hadLedger, hasLedger, isClientSeen });
    remove();
    exitLike(exit);
  } finally {
    remove();
  }
}

function toVariables(options: RunCommandOptions): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [option, variable] of Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][]) {
    const value = options[option];
    if (value === undefined) continue;
    if (value.trim() === '') throw new UsageError(`--${option}: got an empty text, expected a value.`);
    variables[variable] =
      option === 'config' ? resolve(value) : option === 'store' ? absoluteStoreUrl(value) : value;
  }
  return variables;
}

/**
 * Loads the settings that the command will have. An error names an option instead of the variable that it
 * sets.
 */
function checkConfig(env: Environment, options: RunCommandOptions): ReturnType<typeof loadConfig> {
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

/** Checks the store as the processes of the command would: none of them could run. */
function checkRunStore(env: Environment, store: string, options: RunCommandOptions): void {
  try {
    checkStore(store);
  } catch (error) {
    if (!(error instanceof StoreSetupError)) throw error;
    const setting = options.store === undefined ? storeSettingName(env) : '--store';
    throw new ConfigError(describeSetupError(error, setting, store));
  }
}

/** Whether a ledger can be there: no process has created the file of an SQLite ledger yet. */
function isLedgerThere(store: string): boolean {
  const url = tryParseStoreUrl(store);
  return url?.kind !== 'sqlite' || existsSync(url.path);
}

/** The command ends with one line, not with one of each of its processes, unless these are asked for. */
function ownSummary(env: Environment): Partial<Record<string, string>> {
  return { TOKEN_BUDGET_SUMMARY: env['TOKEN_BUDGET_SUMMARY'] || '0' };
}

/**
 * Returns the store that is set, or a ledger in the temporary directory of this run: without one, each process would
 * have the whole budget for itself.
 */
function chooseRunStore(env: Environment, store: string, directory: string): string {
  if (store !== 'memory' || isMemoryRequested(env)) return store;
  return `sqlite:${join(directory, 'ledger.db')}`;
}

/** A file that the processes of the command create where they see a client of a model. */
interface ClientSeenFile {
  readonly file: string;
  /** Returns whether it was created. */
  readonly look: () => boolean;
}

/** Chooses the file for the command. If this `run` is part of the command of another one, that one's file is created too. */
function clientSeenFile(env: Environment, directory: string): ClientSeenFile {
  const file = join(directory, 'client-seen');
  const outer = env[INTERNAL_VARIABLES.clientSeen];
  return {
    file,
    look: () => {
      const isSeen = existsSync(file);
      if (isSeen && outer !== undefined && existsSync(dirname(outer))) writeFileSync(outer, '');
      return isSeen;
    },
  };
}

function isMemoryRequested(env: Environment): boolean {
  if (env['TOKEN_BUDGET_STORE']?.trim() === 'memory') return true;
  const config = env['TOKEN_BUDGET_CONFIG']?.trim();
  if (config === undefined || config === '') return false;
  const settings = JSON.parse(readFileSync(config, 'utf8').replace(/^\uFEFF/, '')) as { store?: unknown };
  return settings.store === 'memory';
}

function startCommand([command = '', ...args]: readonly string[], env: Environment): ChildProcess {
  return spawn(command, args, { stdio: 'inherit', env: { ...env } });
}

/** How the command ended. */
interface CommandExit {
  readonly code: number;
  readonly signal?: NodeJS.Signals;
}

/** Waits for the command to end, and forwards signals to it until then. */
function waitForExit(child: ChildProcess, command: string): Promise<CommandExit> {
  // A terminal sends Ctrl-C to the command as well: forwarding it would deliver it twice.
  const fromTerminal = process.stdin.isTTY === true;
  const forwarders = new Map(
    FORWARDED_SIGNALS.map((signal) => [
      signal,
      () => {
        if (!(fromTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) child.kill(signal);
      },
    ]),
  );
  for (const [signal, forward] of forwarders) process.on(signal, forward);
  return new Promise((done) => {
    const end = (exit: CommandExit): void => {
      for (const [signal, forward] of forwarders) process.off(signal, forward);
      done(exit);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'command not found' : error.message;
      printError(`cannot run ${command}: ${reason}`);
      end({ code: error.code === 'ENOENT' ? EXIT.notFound : EXIT.notRunnable });
    });
    child.on('exit', (code, signal) =>
      end(signal === null ? { code: code ?? EXIT.failed } : { code: 128, signal }),
    );
  });
}

/** Ends this process with the exit code or the signal of the command. */
function exitLike({ code, signal }: CommandExit): void {
  process.exitCode = signal === undefined ? code : 128 + (constants.signals[signal] ?? 0);
  if (signal !== undefined) process.kill(process.pid, signal);
}
