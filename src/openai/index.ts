export { type BudgetStatusOptions, type BudgetStatusSetting, withBudgetStatus } from './budget-status.ts';
export {
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
  SCOPE,
  SUPPORTED_VERSIONS,
} from './instrumentation.ts';
export { type MeterOptions, meterClient } from './meter-client.ts';
