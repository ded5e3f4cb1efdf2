/**
 * What is billed by the piece and not by the token. Time is in milliseconds, so that every quantity is an integer;
 * `container` is a session of a hosted container.
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

/** A unit that is billed otherwise than by the token. */
export type UnitKind = (typeof UNIT_KINDS)[number];

/** A line of a bill: so many units, of a variant where the price depends on one (the memory of a container). */
export interface BilledUnits {
  readonly unit: UnitKind;
  /** A whole number of zero or more. */
  readonly quantity: number;
  readonly variant?: string;
}

/** How many units of a kind there are, of all variants. */
export function unitsOf(units: readonly BilledUnits[] | undefined, kind: UnitKind): number {
  return (units ?? []).reduce((sum, { unit, quantity }) => (unit === kind ? sum + quantity : sum), 0);
}
