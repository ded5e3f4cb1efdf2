/** A JSON object of a request: its shape is the caller's promise, so every field is checked when read. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object with fields, an empty one where it is something else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The value as a list, an empty one where it is something else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a text, an empty one where it is something else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value as JSON, an empty text where it has none (a cycle, a BigInt). */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
