import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ProviderSettings } from './providers.ts';

/**
 * Starts `NodeSDK`, which reads all of its environment variables. An entry of its own: it is slow to load.
 */
export function startNodeSdk({ resourceDetectors, ...settings }: ProviderSettings): void {
  new NodeSDK({ ...settings, ...(resourceDetectors === undefined ? {} : { resourceDetectors }) }).start();
}
