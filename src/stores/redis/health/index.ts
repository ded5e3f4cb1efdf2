export { ServerHealth } from './server-health.ts';
