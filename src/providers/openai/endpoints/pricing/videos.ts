import { readUsage, tokenUsage } from '../../../../usage/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, uncappedWorstCase, unitUsage } from './billing.ts';

/** The longest clip that can be asked for, seconds; one that is changed is taken to be as long. */
const MOST_SECONDS = 20;

/** The length of a clip where the request does not say, seconds (API reference). */
const DEFAULT_SECONDS = 4;

/** Videos, made from a prompt or from another one. Billed by the second, once they are done. */
export const VIDEOS: EndpointPricing = {
  worstCase: (plan, card) => uncappedWorstCase(tokenUsage({ units: [videoOf(secondsOf(plan))] }), card),
  readUsage(answer, plan) {
    const seconds = integerBetween(answer['seconds'], 1, 3_600);
    if (seconds === undefined) return readUsage(undefined);
    // An extension tells the length of the whole; what was asked for is what is made.
    return unitUsage(videoOf(integerBetween(plan.body['seconds'], 1, 3_600) ?? seconds));
  },
  estimateUsage: (plan) => tokenUsage({ units: [videoOf(secondsOf(plan))] }),
};

/** A video of that many seconds. */
export function videoOf(seconds: number) {
  return { unit: 'video_ms', quantity: seconds * 1_000 } as const;
}

function secondsOf({ body }: CallPlan): number {
  const asked = integerBetween(body['seconds'], 1, 3_600);
  // A new clip has a default; one that is made from another may be as long as that.
  return (
    asked ?? (body['video'] === undefined && body['model'] !== undefined ? DEFAULT_SECONDS : MOST_SECONDS)
  );
}
