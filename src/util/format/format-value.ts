/** A value that was given, for the message of an error: as JSON, in 60 characters at most, without passwords. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  // A store's URL may hold a password, well-formed or not.
  const shown = text.replace(/[^/"]*@/g, '***@');
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
