export {
  type CallPlan,
  type Endpoint,
  type EndpointBase,
  type EndpointPricing,
  isTokenPlan,
  type KnownFiles,
  type TokenEndpoint,
  type TokenPlan,
  type UnitPricedEndpoint,
} from './call-plan.ts';
export type { HostedTools, OtherUsage, ParsedResponse } from './parsed-response.ts';
export { type Provider, priceQuery } from './provider.ts';
export type { ApiTarget, IncludeUsage, OutgoingBody, ProviderApi } from './provider-api.ts';
