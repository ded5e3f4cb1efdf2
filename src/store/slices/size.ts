import type { Amounts } from '../../budget/index.ts';
import { limitAmounts } from '../../budget/limits.ts';
import { eachAmount } from './amounts.ts';
import type { View } from './view.ts';

/**
 * How large a slice may be: enough for many calls such as this one, but of each limited amount no more than a share of what the
 * narrowest strict budget has left, so that slices shrink as the budget runs out.
 * @returns undefined where it would not hold two calls: then each is reserved on the remote store
 */
export function sliceSize(
  views: readonly View[],
  need: Amounts,
  { share, ahead }: { readonly share: number; readonly ahead: number },
): Amounts | undefined {
  const size = eachAmount((name) =>
    Math.min(need[name] * ahead, Math.floor(shareOfLeft(views, name, share))),
  );
  const enough = eachAmount((name) => (size[name] >= need[name] * 2 ? 0 : 1));
  return enough.costNanoUsd + enough.tokens + enough.calls === 0 ? size : undefined;
}

/** Whether what a slice has free is by far more than a new one would get. */
export function tooLarge(views: readonly View[], free: Amounts, share: number): boolean {
  const over = eachAmount((name) => (free[name] > 2 * shareOfLeft(views, name, share) ? 1 : 0));
  return over.costNanoUsd + over.tokens + over.calls > 0;
}

function shareOfLeft(views: readonly View[], name: keyof Amounts, share: number): number {
  let least = Infinity;
  for (const view of views) {
    if (view.budget.mode !== 'strict') continue;
    const limit = limitAmounts(view.budget.limits)[name];
    if (limit !== Infinity) least = Math.min(least, Math.max(0, view.leftBesideSlices(name, limit)) * share);
  }
  return least;
}
