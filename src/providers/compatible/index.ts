export { providerNameOf } from './provider-names.ts';
