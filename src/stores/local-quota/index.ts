export { LocalQuotaStore } from './local-quota-store.ts';
export type { LocalQuotaOptions } from './options.ts';
