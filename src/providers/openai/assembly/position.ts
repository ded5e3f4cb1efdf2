/** The position of a choice, an item or a part that an event names; 0 if it names none. */
export function positionOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
