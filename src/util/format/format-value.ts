/** Formats a value for an error message: as JSON, in at most 60 characters, without passwords. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  // The URL of a store may contain a password, well-formed or not.
  const shown = text.replace(/[^/"]*@/g, '***@');
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
