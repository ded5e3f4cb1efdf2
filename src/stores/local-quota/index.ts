export { SlicedStore } from './quota-store.ts';
