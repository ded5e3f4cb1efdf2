import { type ChildOptions, HOST_SDK, PEERS, versionOf } from './processes.ts';

/** Other instrumentations of openai, by the folder of the release that they are measured on: the newest that they support. */
export const INSTRUMENTATIONS = {
  'test/matrix/openai-6': [
    '@opentelemetry/instrumentation-openai',
    '@traceloop/instrumentation-openai',
    '@arizeai/openinference-instrumentation-openai',
  ],
  'test/matrix/openai-4': ['@elastic/opentelemetry-instrumentation-openai'],
  '.': ['@arizeai/openinference-instrumentation-openai'],
} as const;

/** Those that do not see `responses.create` on that release. */
export const CHAT_ONLY: ReadonlySet<string> = new Set(['@elastic/opentelemetry-instrumentation-openai']);

/** An instrumentation in the SDK of the application; its name has its version. */
export function instrumentedBy(name: string): { readonly name: string; readonly options: ChildOptions } {
  return {
    name: `${name} ${versionOf(name, PEERS)}`,
    options: { preload: [HOST_SDK], env: { BENCH_INSTRUMENTATION: name } },
  };
}
