/**
 * The loader of ES modules for Node before 22.15, which runs in a thread of its own (`module.register`).
 */
import type { LoadHook } from 'node:module';
import { sourceWithNote } from './host-sdk.ts';
import { sourceWithReport } from './sdk-source.ts';

/** Adds the report to files of the SDK, and a note to those of an OpenTelemetry SDK. */
export const load: LoadHook = async (url, context, next) => {
  const result = await next(url, context);
  const source = sourceWithReport(url, result.source) ?? sourceWithNote(url, result.source);
  return source === undefined ? result : { ...result, source };
};
