import { ConfigError } from '../config/index.ts';
import type { JobPayload, JobResult, JobUnit } from '../jobs/index.ts';
import { STORE_URL_SYNTAX, tryParseStoreUrl } from '../stores/index.ts';
import { formatValue } from '../util/index.ts';
import { EXIT, UsageError } from './exit.ts';

/** The words of `job run` and `job resume` that say what the job may spend, and how. */
export interface JobFlags {
  readonly id?: string;
  readonly workMinutes?: string;
  readonly cost?: string;
  readonly tokens?: string;
  readonly model?: string;
  readonly unit?: string;
  readonly wallClock?: boolean;
  readonly input?: string;
  readonly repeat?: string[];
  readonly directory?: string;
  readonly store?: string;
  readonly json?: boolean;
}

type ListWords = Pick<JobFlags, 'directory' | 'store' | 'json'>;

/** Runs the job of a file, or goes on with it where its id is there already. */
export async function runJobCommand(file: string, words: JobFlags): Promise<void> {
  await runFile(file, words, {});
}

/** Goes on with a job that was stopped or killed. */
export async function resumeJobCommand(id: string, words: JobFlags): Promise<void> {
  const { findJobSummary } = await import('../jobs/index.ts');
  const { file, problem } = await findJobSummary(id, placeOf(words));
  if (problem !== undefined) throw new Error(problem);
  if (file === undefined) {
    throw new UsageError(
      `the job "${id}" was not run by this command, so its file is not known: job run FILE --id ${id}`,
    );
  }
  await runFile(file, { ...words, id }, { expect: 'resume' });
}

/** Lists the jobs that are kept. */
export async function listJobsCommand(words: ListWords): Promise<void> {
  const { formatJobList, listJobs } = await import('../jobs/index.ts');
  const jobs = await listJobs(placeOf(words));
  process.stdout.write(
    words.json === true ? `${JSON.stringify(jobs, null, 2)}\n` : `${formatJobList(jobs)}\n`,
  );
}

async function runFile(file: string, words: JobFlags, more: { expect?: 'resume' }): Promise<void> {
  const payload = payloadOf(words);
  const unit = unitOf(words.unit);
  const { formatJobResult } = await import('../jobs/index.ts');
  const { runJobFile } = await import('../process/index.ts');
  const { id, input, wallClock, repeat } = words;
  const result = await runJobFile({
    file,
    payload,
    ...more,
    ...placeOf(words),
    ...(id === undefined ? {} : { id }),
    ...(unit === undefined ? {} : { unit }),
    ...(input === undefined ? {} : { input: inputOf(input) }),
    ...(wallClock === undefined ? {} : { wallClock }),
    ...(repeat === undefined ? {} : { repeat }),
  });
  process.stdout.write(
    words.json === true ? `${JSON.stringify(result, null, 2)}\n` : `\n${formatJobResult(result)}\n`,
  );
  process.exitCode = codeOf(result);
}

/** A job that can be resumed is told from one that failed. */
function codeOf({ reason }: JobResult): number {
  if (reason === 'completed') return EXIT.ok;
  return reason === 'error' ? EXIT.failed : EXIT.stopped;
}

function placeOf({ directory, store }: ListWords): { directory?: string; store?: string } {
  const set = store ?? process.env['TOKEN_BUDGET_STORE']?.trim();
  if (store !== undefined && tryParseStoreUrl(store) === undefined) {
    throw new UsageError(`--store: got ${formatValue(store)}, expected ${STORE_URL_SYNTAX}`);
  }
  return {
    ...(directory === undefined ? {} : { directory }),
    ...(set === undefined || set === '' ? {} : { store: set }),
  };
}

function payloadOf({ workMinutes: minutes, cost, tokens, model }: JobFlags): JobPayload {
  return {
    ...numberOf('--minutes', 'timeBudgetMinutes', minutes),
    ...numberOf('--cost', 'costBudgetUsd', cost),
    ...numberOf('--tokens', 'tokenBudget', tokens),
    ...(model === undefined ? {} : { model }),
  };
}

function numberOf(word: string, field: keyof JobPayload, text: string | undefined): JobPayload {
  if (text === undefined) return {};
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new UsageError(`${word}: given "${text}"; taken is a number, such as 15`);
  return { [field]: Number(text) };
}

function unitOf(text: string | undefined): JobUnit | undefined {
  if (text === undefined || text === 'tokens' || text === 'cost') return text;
  throw new UsageError(`--unit: given "${text}"; taken is tokens or cost`);
}

function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `--input: given ${JSON.stringify(text.slice(0, 60))}; taken is JSON, such as '{"topic":"tides"}'`,
    );
  }
}

/** What is wrong with a definition or a payload is a setting that is wrong, to the shell. */
export async function asSettings<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code === 'token_budget_job_definition' && error instanceof Error)
      throw new ConfigError(error.message);
    throw error;
  }
}
