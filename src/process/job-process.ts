import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BudgetDefinition } from '../budget/index.ts';
import type { Config } from '../config/index.ts';
import type { JobDefinition, JobPayload, JobResult, RunJobOptions } from '../jobs/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { preloadBudget } from './preload.ts';

/** The job of a file, and how to run it. */
export interface JobFileOptions extends Omit<RunJobOptions, 'prices' | 'parent' | 'file'> {
  /** A module whose default export is the definition. */
  readonly file: string;
  readonly payload: JobPayload;
}

/**
 * Turns this process into that of a job: installs the budget as the preload does, before the job's file is
 * loaded, and runs the job. The job has no process of its own, so that killing the command kills the job.
 * @throws JobDefinitionError if the file has no job
 */
export async function runJobFile({ file, payload, ...options }: JobFileOptions): Promise<JobResult> {
  const { config } = preloadBudget({ quiet: true, mayHaveStore: true });
  const { newJobId, runJob } = await import('../jobs/index.ts');
  const path = resolve(file);
  const definition = await loadDefinition(path);
  const id = options.id ?? newJobId(definition);
  const parent = processBudget(config, id, options.store);
  const { prices, unknownModel, waitMs, leaseMs } = config;
  return runJob(definition, payload, {
    waitMs,
    leaseMs,
    ...options,
    id,
    file: path,
    prices: new PriceBook({ prices, unknownModel }),
    ...(parent === undefined ? {} : { parent }),
  });
}

/**
 * Returns the budget of the process, which limits the job as well. If it is not in the job's ledger, it
 * becomes a budget of only this job, over all its runs.
 */
function processBudget(
  { budget, limitGiven, store }: Config,
  id: string,
  jobStore: string | undefined,
): BudgetDefinition | undefined {
  if (!limitGiven) return undefined;
  return store === jobStore ? budget : { ...budget, name: `job:${id}.process` };
}

async function loadDefinition(path: string): Promise<JobDefinition> {
  const { JobDefinitionError } = await import('../jobs/index.ts');
  if (!existsSync(path)) {
    throw new JobDefinitionError(`file: got "${path}", which does not exist, expected a module.`);
  }
  const definition = await importDefault(path).catch((error: unknown) => {
    if (!isModuleSyntaxInCommonJs(error)) throw error;
    throw new JobDefinitionError(
      `file: got "${path}", which is CommonJS by its name and its package.json, expected an ES module: ` +
        '.mjs, .mts, or a package with "type": "module".',
    );
  });
  if (typeof definition === 'object' && definition !== null) return definition as JobDefinition;
  throw new JobDefinitionError(
    `file: got "${path}", which exports no job, expected a default export of defineJob(…).`,
  );
}

async function importDefault(path: string): Promise<unknown> {
  return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
}

/** Whether Node loaded an ES module as CommonJS. The error has no code. */
function isModuleSyntaxInCommonJs(error: unknown): boolean {
  return error instanceof SyntaxError && /outside a module|Unexpected token 'export'/.test(error.message);
}
