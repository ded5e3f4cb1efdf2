import { readUsage, tokenUsage } from '../../../../usage/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, uncappedWorstCase, unitUsage } from './billing.ts';

/** The longest clip that can be requested, seconds; a clip that is edited is assumed to be as long. */
const MAX_SECONDS = 20;

/** The length of a clip if the request does not say, seconds (API reference). */
const DEFAULT_SECONDS = 4;

/** Videos, generated from a prompt or from another video. Billed by the second, once they are complete. */
export const VIDEOS: EndpointPricing = {
  worstCase: (plan, card) => uncappedWorstCase(tokenUsage({ units: [videoOf(secondsOf(plan))] }), card),
  readUsage(response, plan) {
    const seconds = integerBetween(response['seconds'], 1, 3_600);
    if (seconds === undefined) return readUsage(undefined);
    // An extension reports the total length; only the requested seconds are generated.
    return unitUsage(videoOf(integerBetween(plan.body['seconds'], 1, 3_600) ?? seconds));
  },
  estimateUsage: (plan) => tokenUsage({ units: [videoOf(secondsOf(plan))] }),
};

/** The billed units of a video. */
export function videoOf(seconds: number) {
  return { unit: 'video_ms', quantity: seconds * 1_000 } as const;
}

function secondsOf({ body }: CallPlan): number {
  const requested = integerBetween(body['seconds'], 1, 3_600);
  // A new clip has a default length; one generated from another may be as long as that one.
  return (
    requested ?? (body['video'] === undefined && body['model'] !== undefined ? DEFAULT_SECONDS : MAX_SECONDS)
  );
}
