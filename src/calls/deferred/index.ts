export { settleDeferredCall } from './settle.ts';
