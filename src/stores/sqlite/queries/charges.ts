import type { ChargeName } from '../../../budget/index.ts';
import type { SqliteConnection } from '../connection.ts';

const SELECT_POSITION = 'SELECT position FROM charges WHERE source = ?';

const SET_POSITION = `
  INSERT INTO charges (source, position) VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position
  RETURNING id`;

const DELETE_OLD = 'DELETE FROM charges WHERE id <= ?';

/** How many sources are remembered. By their number, since a clock may be wrong. */
const MAX_SOURCES = 100_000;

/**
 * Takes the turn of a charge that is made once. A step of a transaction.
 * @returns the position of the last charge of its source: that of this one if it is to be made now, and
 * whether it is
 */
export function takeTurn(
  connection: SqliteConnection,
  { source, after, position }: ChargeName,
): { readonly last: number; readonly isTurn: boolean } {
  const last = Number(connection.get(SELECT_POSITION, source)?.[0] ?? 0);
  if (last !== after) return { last, isTurn: false };
  const id = Number(connection.get(SET_POSITION, source, position)?.[0]);
  connection.run(DELETE_OLD, id - MAX_SOURCES);
  return { last: position, isTurn: true };
}
