export type { BudgetStatusSetting } from '../../budget/index.ts';
export { type BudgetStatusOptions, withBudgetStatus } from './budget-status.ts';
export { type InstrumentClientOptions, instrumentClient } from './instrument-client.ts';
export {
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
  SCOPE,
  SUPPORTED_VERSIONS,
} from './instrumentation.ts';
export { reportImportedClient, type SdkFile } from './loading/index.ts';
export type { SdkStream } from './sdk-types.ts';
