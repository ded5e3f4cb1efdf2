export type { BudgetStatusSetting } from '../../budget/index.ts';
export { type BudgetStatusOptions, withBudgetStatus } from './budget-status.ts';
export { type InstrumentClientOptions, instrumentClient } from './instrument-client.ts';
export {
  isSupported,
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
  prototypeOfClient,
  SCOPE,
  SUPPORTED_VERSIONS,
} from './instrumentation.ts';
export {
  loadedHostSdks,
  onHostSdk,
  onSdkFile,
  reportImportedClient,
  type SdkFile,
  whileLoadingOwnSdk,
} from './loading/index.ts';
export type { SdkStream } from './sdk-types.ts';
export { isWrapped } from './wrapping/index.ts';
