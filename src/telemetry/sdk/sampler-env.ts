import { diag } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { escapeControl } from '../../util/index.ts';
import { type Env, readVariable } from '../environment/index.ts';

/**
 * Creates the user's sampler from `OTEL_TRACES_SAMPLER` and its argument. Default: `parentbased_always_on`.
 */
export function createSampler(env: Env): Sampler {
  const name = readVariable(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const root = createRootSampler(name.replace(/^parentbased_/, ''), env);
  if (root === undefined) {
    diag.error(`OTEL_TRACES_SAMPLER: unknown sampler "${escapeControl(name)}"; using parentbased_always_on`);
    return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function createRootSampler(name: string, env: Env): Sampler | undefined {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(readRatio(env)) : undefined;
}

function readRatio(env: Env): number {
  const argument = readVariable(env, 'OTEL_TRACES_SAMPLER_ARG');
  const value = argument === undefined ? Number.NaN : Number(argument);
  if (value >= 0 && value <= 1) return value;
  diag.error(
    `OTEL_TRACES_SAMPLER_ARG: got "${escapeControl(argument ?? '')}", expected a number from 0 to 1; using 1`,
  );
  return 1;
}
