import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BudgetDefinition } from '../budget/index.ts';
import type { Config } from '../config/index.ts';
import type * as Jobs from '../jobs/index.ts';
import type { JobDefinition, JobPayload, JobResult, RunJobOptions } from '../jobs/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { preload } from './preload.ts';

export interface JobFileOptions extends Omit<RunJobOptions, 'prices' | 'parent' | 'file'> {
  /** The module whose default export is the definition. */
  readonly file: string;
  readonly payload: JobPayload;
}

/**
 * Makes this process the process of a job: puts the budget on it as the preload does, before the job's file is loaded, and runs the
 * job. It is the process of the command itself, so that whoever kills the command has killed the job.
 * @throws JobDefinitionError where the file holds no job
 */
export async function runJobFile({ file, payload, ...options }: JobFileOptions): Promise<JobResult> {
  const { config } = preload({ quiet: true });
  const jobs = await import('../jobs/index.ts');
  const path = resolve(file);
  const definition = await definitionIn(path, jobs);
  const id = options.id ?? jobs.newJobId(definition);
  const store = options.store ?? (config.store === 'memory' ? undefined : config.store);
  const parent = parentOf(config, id, store);
  const { prices, unknownModel, waitMs, leaseMs } = config;
  return jobs.runJob(definition, payload, {
    waitMs,
    leaseMs,
    ...options,
    id,
    file: path,
    prices: new PriceBook({ prices, unknownModel }),
    ...(store === undefined ? {} : { store }),
    ...(parent === undefined ? {} : { parent }),
  });
}

/**
 * The limits that are set for the process hold for the job as well. Where they have no ledger of their own that outlives the process,
 * they are of this job alone, over all its runs.
 */
function parentOf(
  { budget, limitGiven, store }: Config,
  id: string,
  used: string | undefined,
): BudgetDefinition | undefined {
  if (!limitGiven) return undefined;
  return store === used ? budget : { ...budget, name: `job:${id}.process` };
}

/** Of Node there is no code for it. */
function isTakenForCommonJs(error: unknown): boolean {
  return error instanceof SyntaxError && /outside a module|Unexpected token 'export'/.test(error.message);
}

async function defaultExportOf(path: string): Promise<unknown> {
  return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
}

async function definitionIn(
  path: string,
  { defineJob, JobDefinitionError }: typeof Jobs,
): Promise<JobDefinition> {
  if (!existsSync(path))
    throw new JobDefinitionError(`file: given "${path}", which is not there; taken is a module.`);
  const definition = await defaultExportOf(path).catch((error: unknown) => {
    if (!isTakenForCommonJs(error)) throw error;
    throw new JobDefinitionError(
      `file: given "${path}", which is CommonJS by its name and its package.json; taken is an ES module: .mjs, .mts, or a package with "type": "module".`,
    );
  });
  if (typeof definition !== 'object' || definition === null) {
    throw new JobDefinitionError(
      `file: given "${path}", which exports no job; taken is a default export of defineJob(…).`,
    );
  }
  return defineJob(definition as JobDefinition);
}
