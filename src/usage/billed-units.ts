/**
 * The units that are billed by the piece instead of by the token. Time is in milliseconds, so that every
 * quantity is an integer; `container` is a session of a hosted container.
 */
export const UNIT_KINDS = [
  'picture',
  'character',
  'audio_ms',
  'video_ms',
  'web_search',
  'file_search',
  'container',
] as const;

/** A unit that is billed by the piece instead of by the token. */
export type UnitKind = (typeof UNIT_KINDS)[number];

/**
 * A line of a bill: a quantity of units, with the variant if the price depends on it (the memory of a
 * container).
 */
export interface BilledUnits {
  readonly unit: UnitKind;
  /** A whole number of zero or more. */
  readonly quantity: number;
  readonly variant?: string;
}

/** Returns the total quantity of a kind of units, of all variants. */
export function unitsOf(units: readonly BilledUnits[] | undefined, kind: UnitKind): number {
  return (units ?? []).reduce((sum, { unit, quantity }) => (unit === kind ? sum + quantity : sum), 0);
}
