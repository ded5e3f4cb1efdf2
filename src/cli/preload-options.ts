import { entryModuleUrl } from '../util/index.ts';
import type { Environment } from './store-option.ts';

/** Appends the preload to NODE_OPTIONS, so that the preloads of the host come first. */
export function addPreload(env: Environment): { NODE_OPTIONS: string } {
  // A URL has no spaces, which would need quotes here.
  const register = entryModuleUrl('register').href;
  return { NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --import=${register}`.trim() };
}
