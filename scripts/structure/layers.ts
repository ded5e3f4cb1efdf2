/** A folder of src and what its files, and those of its sub-folders, may import. */
export interface Layer {
  /** From src; `''` is the entries at the top. The deepest folder listed that holds a file is its layer. */
  readonly folder: string;
  /** Layers below that it may import, each with its sub-folders. Its own files it always may. */
  readonly imports: readonly string[];
  /** Packages it may import, by name or scope (`@opentelemetry/*`). Modules of Node it always may. */
  readonly packages: readonly string[];
}

/** Neither OpenTelemetry nor a client: they know nothing of what is above them. */
const CORE = ['util', 'usage', 'pricing', 'tokens', 'budget'];
/** What instruments and calls know of telemetry: its API, never an SDK. */
const NEUTRAL_TELEMETRY = ['telemetry/api', 'telemetry/names', 'telemetry/context', 'telemetry/signals'];

/** From low to high: a layer imports only layers listed before it. */
export const LAYERS: readonly Layer[] = [
  { folder: 'util', imports: [], packages: [] },
  { folder: 'usage', imports: ['util'], packages: [] },
  { folder: 'pricing', imports: ['util', 'usage'], packages: ['@pydantic/genai-prices'] },
  { folder: 'tokens', imports: ['util', 'usage'], packages: ['js-tiktoken'] },
  { folder: 'budget', imports: ['util', 'usage', 'pricing', 'tokens'], packages: ['valibot'] },
  { folder: 'stores', imports: ['util', 'usage', 'pricing', 'budget'], packages: ['redis'] },
  { folder: 'config', imports: ['util', 'usage', 'pricing', 'budget', 'stores'], packages: ['valibot'] },

  {
    folder: 'telemetry/api',
    imports: [],
    packages: ['@opentelemetry/api', '@opentelemetry/api-logs', 'opentelemetry-api-1.3'],
  },
  // Attributes state costs in USD and name the source of a price.
  { folder: 'telemetry/names', imports: ['util', 'usage', 'pricing', 'telemetry/api'], packages: [] },
  {
    folder: 'telemetry/context',
    imports: ['util', 'budget', 'telemetry/api', 'telemetry/names'],
    packages: [],
  },
  {
    folder: 'telemetry/signals',
    imports: [...CORE, 'telemetry/api', 'telemetry/names', 'telemetry/context'],
    packages: [],
  },
  {
    folder: 'telemetry/vendors',
    imports: [...CORE, ...NEUTRAL_TELEMETRY],
    packages: [],
  },
  { folder: 'telemetry/environment', imports: [], packages: [] },
  {
    folder: 'telemetry/export',
    imports: ['util', 'telemetry/names', 'telemetry/environment'],
    packages: ['@opentelemetry/*'],
  },
  {
    folder: 'telemetry/sdk',
    imports: [
      ...CORE,
      'config',
      ...NEUTRAL_TELEMETRY,
      'telemetry/vendors',
      'telemetry/environment',
      'telemetry/export',
    ],
    packages: ['@opentelemetry/*'],
  },

  { folder: 'providers', imports: CORE, packages: [] },
  {
    folder: 'calls',
    imports: [...CORE, 'config', ...NEUTRAL_TELEMETRY, 'providers'],
    packages: [],
  },
  {
    folder: 'clients/openai-sdk',
    imports: [...CORE, ...NEUTRAL_TELEMETRY, 'calls', 'providers'],
    packages: [],
  },
  {
    folder: 'clients/fetch',
    imports: [...CORE, ...NEUTRAL_TELEMETRY, 'calls', 'providers'],
    packages: [],
  },
  {
    folder: 'clients/ai-sdk',
    imports: [...CORE, ...NEUTRAL_TELEMETRY, 'calls', 'providers'],
    packages: [],
  },

  {
    folder: 'jobs',
    imports: [...CORE, 'stores', 'config', ...NEUTRAL_TELEMETRY, 'calls', 'providers', 'clients'],
    packages: ['valibot'],
  },
  {
    folder: 'process',
    imports: [...CORE, 'stores', 'config', 'telemetry', 'calls', 'providers', 'clients', 'jobs'],
    packages: [],
  },
  {
    folder: 'cli',
    imports: [...CORE, 'stores', 'config', 'telemetry/names', 'jobs', 'process'],
    packages: ['commander'],
  },
  {
    folder: '',
    imports: [...CORE, 'stores', 'config', 'telemetry', 'calls', 'providers', 'clients', 'jobs', 'process'],
    // The preload loads the openai of the tests, in a setup file of a test runner.
    packages: ['openai'],
  },
];
