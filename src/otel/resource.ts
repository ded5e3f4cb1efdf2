import {
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { type Env, text } from './env.ts';

/** The command line of the process may hold keys and prompts. */
const PRIVATE = new Set(['process.command', 'process.command_args', 'process.command_line']);

/**
 * The SDK's default detectors, less what may hold secrets and what is not known at once: telemetry waits for an
 * attribute that is still being read (`host.id`), and an exit cannot. Undefined where
 * `OTEL_NODE_RESOURCE_DETECTORS` names detectors: then the SDK uses those as they are.
 */
export function resourceDetectors(env: Env): ResourceDetector[] | undefined {
  if (text(env, 'OTEL_NODE_RESOURCE_DETECTORS') !== undefined) return undefined;
  return [serviceInstanceIdDetector, processDetector, hostDetector, osDetector, envDetector].map(atOnce);
}

function atOnce(detector: ResourceDetector): ResourceDetector {
  return {
    detect(config) {
      const { attributes = {}, ...rest } = detector.detect(config);
      const kept = Object.entries(attributes).filter(
        ([name, value]) => !(value instanceof Promise) && !PRIVATE.has(name),
      );
      return { ...rest, attributes: Object.fromEntries(kept) };
    },
  };
}
