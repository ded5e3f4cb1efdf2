export type { Answer, HostedTools, OtherUsage } from './answer.ts';
export {
  type CallPlan,
  type CountedEndpoint,
  type Endpoint,
  isTokenPlan,
  type KnownFiles,
  type Meter,
  type MeteredEndpoint,
  type TokenEndpoint,
  type TokenPlan,
} from './call-plan.ts';
export { type Provider, priceQuery } from './provider.ts';
