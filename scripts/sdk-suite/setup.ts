// Instruments each class of the SDK as it is loaded: as this package does, under a strict budget that is never reached, or with
// wrappers of the same methods that do nothing.
import { createRequire } from 'node:module';
import type { SdkFile } from '../../src/clients/openai-sdk/index.ts';
import type * as Package from '../../src/index.ts';

type Patch = (file: string, classes: Readonly<Record<string, unknown>>) => void;

/** The methods of clients and of WebSocket classes that are wrapped. */
const METHODS = [
  'buildRequest',
  'prepareRequest',
  'fetchWithTimeout',
  'makeRequest',
  'parseResponseWithTimeout',
  'request',
  'send',
  'sendRaw',
  '_emit',
];

const patch = process.env['SDK_SUITE_VARIANT'] === 'ours' ? ours() : empty;
Reflect.set(globalThis, Symbol.for('sdk-suite'), patch);

function ours(): Patch {
  const load = createRequire(import.meta.url);
  const { defineBudget, MemoryStore, OpenAIInstrumentation, PriceBook, TokenBudgetTracker } = load(
    '../../dist/index.js',
  ) as typeof Package;
  const budget = defineBudget({ name: 'suite', limits: { costUsd: 1_000_000 }, mode: 'strict' });
  const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore() });
  const config = { tracker, prices: new PriceBook(), enabled: false };
  const instrumentation = new OpenAIInstrumentation(config);
  // What the hook of the loader of modules calls for a package: the tests load the sources instead.
  return (file, exports) => {
    const name = file.replace(/^openai\//, '');
    const classes = Object.values(exports).filter((value) => typeof value === 'function') as unknown;
    instrumentation.patchFile({ name, version: '7.0.0', url: file, classes: classes as SdkFile['classes'] });
  };
}

function empty(_file: string, classes: Readonly<Record<string, unknown>>): void {
  for (const one of Object.values(classes)) {
    const prototype: unknown = Object(one).prototype;
    const isClient = typeof Reflect.get(Object(prototype), 'makeRequest') === 'function';
    const isSocket = typeof Reflect.get(Object(prototype), '_emit') === 'function';
    if (!isClient && !isSocket) continue;
    for (const name of METHODS) {
      const original: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (typeof original !== 'function') continue;
      Reflect.set(prototype as object, name, function wrapped(this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(original, this, args);
      });
    }
  }
}
