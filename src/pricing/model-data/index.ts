export { HOSTED_TOOL_FEES } from './hosted-tool-fees.ts';
export { HIGHEST_UNIT_PRICES, LIST_PRICES } from './list-prices.ts';
export {
  BATCH_PRICE,
  FLEX_PRICE,
  PRIORITY_PRICE_UNLISTED,
  PRIORITY_PRICES,
  type PriceFraction,
} from './service-tiers.ts';
export { hidesReasoning, LARGEST_CONTEXT_WINDOW, maxOutputTokens } from './token-limits.ts';
