import { escapeControl } from '../../util/index.ts';
import { EXIT, UsageError } from '../exit.ts';
import { printJson, printStyled } from '../output.ts';
import { environmentOf, type StoreOptions } from '../store-option.ts';
import { styleOutput } from '../style.ts';
import { checkCommand } from './command-check.ts';
import { checkExporter, checkPrices, checkSettings, checkStore } from './environment-checks.ts';
import type { Finding } from './finding.ts';
import { checkHooks } from './hook-check.ts';
import { checkModuleKind, checkNode, checkOpenaiSdk, findOpenaiSdk } from './runtime-checks.ts';

/** The options of `doctor`, as given. */
export interface DoctorOptions extends StoreOptions {
  readonly model?: readonly string[];
  readonly json?: boolean;
  /** Seconds that the command may run. */
  readonly wait?: string;
}

const STATE_SIGNS = {
  ok: ['green', '✓'],
  warn: ['yellow', '!'],
  fail: ['red', '✗'],
  skip: ['dim', '-'],
} as const;

/**
 * Checks whether a program in this directory would have its budget enforced, and prints the findings with fixes.
 * The exit code is 1 if a check fails.
 * @param command a command that is started and checked as well; none if empty
 * @throws UsageError if an option is wrong
 */
export async function runDoctor(options: DoctorOptions, command: readonly string[] = []): Promise<void> {
  const waitMs = parseWait(options.wait);
  const directory = process.cwd();
  const env = environmentOf(options);
  const sdk = findOpenaiSdk(directory);
  const { config, findings: settings } = checkSettings(env);
  const [hooks, exporter, store] = await Promise.all([
    checkHooks(directory, sdk),
    checkExporter(env),
    config === undefined ? [] : checkStore(config.store),
  ]);
  const ofCommand =
    command.length === 0
      ? []
      : await checkCommand(command, { env, waitMs, hasSettings: config !== undefined });
  const prices = config === undefined ? [] : checkPrices(config, options.model ?? []);
  const findings = [
    checkNode(),
    checkOpenaiSdk(sdk),
    checkModuleKind(directory),
    hooks,
    settings,
    store,
    exporter,
    prices,
    ofCommand,
  ].flat();
  if (options.json === true) printJson(findings);
  else printStyled(findings.map(formatFinding).join('\n'));
  if (findings.some(({ state }) => state === 'fail')) process.exitCode = EXIT.failed;
}

function parseWait(wait = '10'): number {
  const seconds = Number(wait);
  if (wait.trim() === '' || !Number.isFinite(seconds) || seconds <= 0)
    throw new UsageError(`--wait: got "${wait}", expected a number of seconds, such as 10.`);
  return seconds * 1_000;
}

function formatFinding({ check, state, found, fix }: Finding): string {
  const [color, sign] = STATE_SIGNS[state];
  const line = `${styleOutput(color, sign)} ${check.padEnd(10)} ${escapeControl(found)}`;
  return fix === undefined
    ? line
    : `${line}\n${' '.repeat(13)}${styleOutput('dim', '→')} ${escapeControl(fix)}`;
}
