import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { CheckpointError } from './checkpoint-error.ts';

/** Something that is kept: what it is, in which version, and a checksum by which a change is seen. */
export interface VersionedEnvelope<T> {
  readonly format: string;
  readonly version: number;
  /** SHA-256 of the body as canonical JSON (keys in order), hexadecimal. It shows damage; it is no signature. */
  readonly checksum: string;
  readonly body: T;
}

/** What is taken back, and how. */
export interface EnvelopeFormat<T> {
  readonly format: string;
  /** The version that is written. */
  readonly version: number;
  readonly schema: v.GenericSchema<unknown, T>;
}

export function wrapEnvelope<T>(
  body: T,
  { format, version }: Pick<EnvelopeFormat<T>, 'format' | 'version'>,
): VersionedEnvelope<T> {
  return { format, version, checksum: checksumOf(body), body };
}

/**
 * The body of something sealed, as text or as the object that its text is.
 * @throws CheckpointError where it is damaged, foreign, or of a later version
 */
export function unwrapEnvelope<T>(given: unknown, { format, version, schema }: EnvelopeFormat<T>): T {
  try {
    const sealed = envelopeOf(given, format);
    if (sealed.version > version) {
      throw new CheckpointError(
        'newer',
        `it was written by a later version of otel-token-budget (${format} ${sealed.version}, known up to ${version}): ` +
          'update the package',
      );
    }
    if (checksumOf(sealed.body) !== sealed.checksum) throw damaged('its checksum does not fit its content');
    const parsed = v.safeParse(schema, sealed.body, { abortEarly: true });
    if (parsed.success) return parsed.output;
    const path = (parsed.issues[0].path ?? []).map(({ key }) => String(key)).join('.');
    throw damaged(`its "${path}" is not what belongs there`);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    // Such as a nesting that no stack is deep enough for.
    throw damaged('it cannot be read', error);
  }
}

function envelopeOf(given: unknown, format: string): VersionedEnvelope<unknown> {
  const value = typeof given === 'string' ? parse(given) : given;
  const { format: found, version, checksum, body } = fields(value);
  if (found !== format) throw new CheckpointError('foreign', `it is no ${format}`);
  if (!Number.isSafeInteger(version) || Number(version) < 1) throw damaged('it has no version');
  if (typeof checksum !== 'string' || body === undefined) throw damaged('it is not complete');
  return { format, version: Number(version), checksum, body };
}

function parse(text: string): unknown {
  if (text.trim() === '') throw damaged('it is empty');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged('it is not JSON: cut short, perhaps', error);
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function damaged(why: string, cause?: unknown): CheckpointError {
  return new CheckpointError('damaged', why, cause);
}

function checksumOf(body: unknown): string {
  return createHash('sha256').update(canonical(body)).digest('hex');
}

/** The same text for the same value, whatever the order of its keys: databases that keep JSON change that. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
