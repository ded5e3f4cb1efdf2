export { type ApiRequest, apiOf } from './api-request.ts';
export { namedProvider } from './hosts.ts';
