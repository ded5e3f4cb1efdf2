import { BudgetExceededError, EndpointNotCountedError, StoreUnavailableError } from '../budget/index.ts';
import { PriceUnknownError } from '../pricing/index.ts';

/** Whether an error is a refusal of ours, which the application has to see. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof BudgetExceededError ||
    error instanceof PriceUnknownError ||
    error instanceof EndpointNotCountedError ||
    error instanceof StoreUnavailableError
  );
}
