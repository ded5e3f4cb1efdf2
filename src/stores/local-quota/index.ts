export { LocalQuotaStore } from './quota-store.ts';
