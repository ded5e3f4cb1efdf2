import { ConfigError, loadConfig } from '../config/index.ts';
import type { JobPayload, JobResult, JobStores, JobUnit } from '../jobs/index.ts';
import { STORE_URL_SYNTAX, tryParseStoreUrl } from '../stores/index.ts';
import { formatValue } from '../util/index.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, printText } from './output.ts';

/** Where jobs are saved, and how they are printed. */
export interface JobListFlags {
  readonly directory?: string;
  readonly store?: string;
  readonly json?: boolean;
}

/** The flags of `job run` and `job resume`. */
export interface JobFlags extends JobListFlags {
  readonly id?: string;
  /** An amount of money, not a clock: see `timeBudgetMinutes` of a job's payload. */
  readonly workMinutes?: string;
  readonly cost?: string;
  readonly tokens?: string;
  readonly model?: string;
  readonly unit?: string;
  readonly wallClock?: boolean;
  readonly input?: string;
  readonly repeat?: string[];
}

/** `job run`: runs the job of a file, or resumes it if its id exists. */
export async function runJobCommand(file: string, flags: JobFlags): Promise<void> {
  await runFile(file, flags, {});
}

/** `job resume`: resumes a job that was stopped or killed. */
export async function resumeJobCommand(id: string, flags: JobFlags): Promise<void> {
  const { closeJobStores, findJobSummary, openJobStores } = await import('../jobs/index.ts');
  const stores = await openJobStores(locationOf(flags));
  try {
    const { file, problem } = await findJobSummary(id, { stores });
    if (problem !== undefined) throw new Error(problem);
    if (file === undefined) {
      throw new UsageError(
        `the job "${id}" was not run by this command, so its file is unknown: use job run FILE --id ${id}`,
      );
    }
    await runFile(file, { ...flags, id }, { expect: 'resume', stores });
  } finally {
    await closeJobStores(stores);
  }
}

/** `job list`: lists the saved jobs. */
export async function listJobsCommand(flags: JobListFlags): Promise<void> {
  const { formatJobList, listJobs } = await import('../jobs/index.ts');
  const jobs = await listJobs(locationOf(flags));
  if (flags.json === true) printJson(jobs);
  else printText(formatJobList(jobs));
}

async function runFile(
  file: string,
  flags: JobFlags,
  options: { readonly expect?: 'resume'; readonly stores?: JobStores },
): Promise<void> {
  const payload = payloadOf(flags);
  const unit = parseUnit(flags.unit);
  const { formatJobResult } = await import('../jobs/index.ts');
  const { runJobFile } = await import('../process/index.ts');
  const { id, input, wallClock, repeat } = flags;
  const result = await runJobFile({
    file,
    payload,
    ...options,
    ...locationOf(flags),
    id,
    unit,
    input: input === undefined ? undefined : parseInput(input),
    wallClock,
    repeat,
  });
  if (flags.json === true) printJson(result);
  else printText(`\n${formatJobResult(result)}`);
  process.exitCode = exitCodeOf(result);
}

/** Distinguishes a job that can be resumed from one that failed. */
function exitCodeOf({ reason }: JobResult): number {
  if (reason === 'completed') return EXIT.ok;
  return reason === 'error' ? EXIT.failed : EXIT.stopped;
}

/** Returns where jobs are saved: as the flags, the environment or the settings file say, in this order. */
function locationOf({ directory, store }: JobListFlags): { directory?: string; store?: string } {
  if (store !== undefined && tryParseStoreUrl(store) === undefined) {
    throw new UsageError(`--store: got ${formatValue(store)}, expected ${STORE_URL_SYNTAX}`);
  }
  const setting = store ?? storeSetting();
  return {
    ...(directory === undefined ? {} : { directory }),
    ...(setting === undefined ? {} : { store: setting }),
  };
}

/** The configured store. The default one, memory, is none for jobs, which outlive their process. */
function storeSetting(): string | undefined {
  const { store } = loadConfig();
  const isExplicit = (process.env['TOKEN_BUDGET_STORE']?.trim() ?? '') !== '';
  return store === 'memory' && !isExplicit ? undefined : store;
}

function payloadOf({ workMinutes, cost, tokens, model }: JobFlags): JobPayload {
  return {
    timeBudgetMinutes: parseNumber('--work-minutes', workMinutes),
    costBudgetUsd: parseNumber('--cost', cost),
    tokenBudget: parseNumber('--tokens', tokens),
    model,
  };
}

function parseNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${flag}: got ${formatValue(text)}, expected a number, such as 15`);
}

function parseUnit(text: string | undefined): JobUnit | undefined {
  if (text === undefined || text === 'tokens' || text === 'cost') return text;
  throw new UsageError(`--unit: got ${formatValue(text)}, expected tokens or cost`);
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--input: got ${formatValue(text)}, expected JSON, such as '{"topic":"tides"}'`);
  }
}

/** Turns an invalid definition or payload into an invalid setting, for the exit code. */
export async function withConfigErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code === 'token_budget_job_definition' && error instanceof Error)
      throw new ConfigError(error.message);
    throw error;
  }
}
