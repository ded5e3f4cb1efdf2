import { diag } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { type Env, readVariable } from '../environment/index.ts';

/** The user's sampler: `OTEL_TRACES_SAMPLER` and its argument; parent-based always-on where not set. */
export function createSampler(env: Env): Sampler {
  const name = readVariable(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const root = rootSampler(name.replace(/^parentbased_/, ''), env);
  if (root === undefined) {
    diag.error(`OTEL_TRACES_SAMPLER: given "${name}"; using parentbased_always_on`);
    return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, env: Env): Sampler | undefined {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio(env)) : undefined;
}

function ratio(env: Env): number {
  const given = readVariable(env, 'OTEL_TRACES_SAMPLER_ARG');
  const value = given === undefined ? Number.NaN : Number(given);
  if (value >= 0 && value <= 1) return value;
  diag.error(`OTEL_TRACES_SAMPLER_ARG: given "${given ?? ''}"; taken is a number from 0 to 1; using 1`);
  return 1;
}
