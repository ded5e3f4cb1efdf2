export { type BilledUnits, UNIT_KINDS, type UnitKind, unitsOf } from './billed-units.ts';
export { isPlausible, MAX_PLAUSIBLE_TOKENS, readUsage, type UsageReading } from './read-usage.ts';
export {
  addUsage,
  type TokenUsage,
  tokenUsage,
  totalTokens,
  USAGE_KINDS,
  type UsageKind,
} from './token-usage.ts';
