export { countedUsage, repairUsage } from './estimate.ts';
export { ResponseMemory } from './response-history.ts';
export { boundQuote, countedQuote, firstQuote, priceOther, priceUsage } from './worst-case.ts';
