/** A JSON object of a request: the caller may send any shape, so every field is checked when it is read. */
export type Fields = Readonly<Record<string, unknown>>;

/** Returns a value as an object with fields; an empty one if it is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Returns a value as a list; an empty one if it is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns a value as text; an empty one if it is no text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Returns a value as JSON; an empty text if it has none (a cycle, a BigInt). */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

/** Returns the message of an error, or anything else that was thrown as text. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
